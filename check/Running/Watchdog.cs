namespace AccioKestrel.Checker;

/// <summary>Kills programs under check that exceed their limit of memory or of processes. One look at the kernel's list serves all runs.</summary>
internal static class Watchdog
{
    private const int MostProcesses = 200;
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(500);
    private static readonly HashSet<ProgramRun> s_runs = [];
    private static readonly Lock s_lock = new();
    private static bool s_isRunning;

    public static void Watch(ProgramRun run)
    {
        lock (s_lock)
        {
            s_runs.Add(run);
            if (!s_isRunning)
            {
                // A thread of its own: on a busy machine looks that overlap would take the threads of the checks.
                s_isRunning = true;
                new Thread(LookAgainAndAgain) { IsBackground = true, Name = "Watchdog" }.Start();
            }
        }
    }

    public static void Forget(ProgramRun run)
    {
        lock (s_lock)
        {
            s_runs.Remove(run);
        }
    }

    private static void LookAgainAndAgain()
    {
        while (true)
        {
            Thread.Sleep(s_interval);
            Look();
        }
    }

    private static void Look()
    {
        ProgramRun[] runs;
        lock (s_lock)
        {
            runs = [.. s_runs];
        }

        if (runs.Length == 0)
        {
            return;
        }

        var members = ProcessTable.Read().ToLookup(entry => OwnerOf(entry, runs));
        foreach (var run in runs)
        {
            if (members[run].Count() is > MostProcesses and var processes)
            {
                run.Kill($"it had {processes} processes; the limit is {MostProcesses}");
            }
            else if (members[run].Sum(entry => entry.ResidentBytes) > run.MostBytes
                && members[run].Sum(entry => entry.ResidentBytes - ProcessTable.SharedBytes(entry.Id)) is var bytes && bytes > run.MostBytes)
            {
                run.Kill($"it had taken {Size.Of(bytes)} of memory; the limit is {Size.Of(run.MostBytes)}");
            }
        }
    }

    /// <summary>The run that a process belongs to, by its session, or by its environment if it has left that. Null for other processes.</summary>
    private static ProgramRun? OwnerOf(ProcessEntry entry, ProgramRun[] runs) =>
        Array.Find(runs, run => run.Id == entry.Session)
        ?? (ProcessTable.EnvironmentOf(entry.Id) is { } environment ? Array.Find(runs, run => environment.Contains(run.EnvironmentMark, StringComparison.Ordinal)) : null);
}
