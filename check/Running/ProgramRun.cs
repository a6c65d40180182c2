using System.Diagnostics;

namespace AccioKestrel.Checker;

/// <summary>
/// One run of the program under check: in a session of its own and a temporary folder, with its output captured. After its disposal none of its
/// processes is left, whatever it has started.
/// </summary>
internal sealed class ProgramRun : IAsyncDisposable
{
    private const int MostWords = 160;
    private const string Mark = "ACCIO_CHECK_RUN";
    // A run of this program under another one has both marks.
    private static readonly string s_session = $"{Mark}={Environment.GetEnvironmentVariable(Mark)}{Guid.NewGuid():N}";
    private static readonly TimeSpan s_soon = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan s_afterKill = TimeSpan.FromSeconds(2);

    private readonly Process _process;
    private readonly string _folder;
    private string? _killed;

    /// <param name="command">The program and its arguments, all complete.</param>
    /// <param name="memory">The most memory that its processes may have together, in MiB.</param>
    public ProgramRun(IReadOnlyList<string> command, long memory)
    {
        MostBytes = memory * 1024 * 1024;
        (_folder, _process) = SessionFolder.Start(folder => (folder, Start(command, folder)));
        Id = _process.Id;
        _process.StandardInput.Close();
        Output = new CapturedOutput(_process.StandardOutput.BaseStream, () => Kill("it wrote to standard output without end"));
        Errors = new CapturedOutput(_process.StandardError.BaseStream, () => Kill("it wrote to standard error without end"));
        Watchdog.Watch(this);
    }

    public int Id { get; }

    /// <summary>The most memory that its processes may have together, in bytes.</summary>
    public long MostBytes { get; }

    public CapturedOutput Output { get; }

    public CapturedOutput Errors { get; }

    /// <summary>The entry of the environment that all its processes inherit.</summary>
    public string EnvironmentMark { get; } = $"{s_session}/{Guid.NewGuid():N}";

    public bool HasExited => _process.HasExited;

    /// <summary>Its exit code; null if it still runs.</summary>
    public int? ExitCode => HasExited ? _process.ExitCode : null;

    /// <summary>Why it was killed by this program; null if it was not.</summary>
    public string? KilledBecause => Volatile.Read(ref _killed);

    /// <summary>What it has last said on standard error, and whether it was killed, as the end of a sentence; nothing if there is neither.</summary>
    public string LastWords => (KilledBecause is { } because ? $"; it was killed: {because}" : "") + (LastError is { } last ? $"; its last words on standard error: {last}" : "");

    /// <summary>How it complains, if it does, on standard error: the error of a traceback is in its last line.</summary>
    public string Complaint => Errors.Text.Trim() is not { Length: > 0 } text ? "nothing on standard error"
        : text.StartsWith("Traceback", StringComparison.Ordinal) ? $"a traceback on standard error: {LastError}"
        : $"standard error: {Accio.Printable(text.Length > MostWords ? text[..MostWords] + "..." : text)}";

    /// <summary>The last line on standard error; that of a traceback with the place that it names.</summary>
    private string? LastError
    {
        get
        {
            var lines = Errors.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            // File "server-s.py", line 5, in main
            var place = lines.LastOrDefault(IsOwnPlace)?.Split('"', ',') is [_, var file, _, var number, ..]
                ? $" ({Path.GetFileName(file)},{number})"
                : "";
            return lines is [.., var last] ? Accio.Printable((last.Length > MostWords ? last[..MostWords] : last) + place) : null;
        }
    }

    /// <summary>Its processes that have not left its session.</summary>
    public int[] Processes => [.. ProcessTable.Read().Where(entry => entry.Session == Id).Select(entry => entry.Id)];

    public long PeakBytes => Processes.Sum(ProcessTable.PeakBytes);

    public long SharedBytes => Processes.Sum(ProcessTable.SharedBytes);

    public int Descriptors => Processes.Sum(ProcessTable.Descriptors);

    public TimeSpan BusyTime => Processes.Aggregate(TimeSpan.Zero, (sum, id) => sum + ProcessTable.BusyTime(id));

    /// <summary>Sends a signal to the program, and to no other of its processes.</summary>
    public void Signal(int signal)
    {
        if (!_process.HasExited)
        {
            _ = Libc.SendSignal(Id, signal);
        }
    }

    /// <summary>Waits for the end of the program and of its output.</summary>
    /// <returns>The exit code; null if it still runs.</returns>
    public async Task<int?> ExitAsync(TimeSpan limit)
    {
        try
        {
            await _process.WaitForExitAsync().WaitAsync(limit);
        }
        catch (TimeoutException)
        {
            return null;
        }

        // A child of the program may keep the streams open.
        await Task.WhenAny(Task.WhenAll(Output.Ended, Errors.Ended), Task.Delay(s_afterKill));
        return _process.ExitCode;
    }

    /// <summary>Ends it because it has exceeded a limit.</summary>
    public void Kill(string because)
    {
        if (Interlocked.CompareExchange(ref _killed, because, null) is null)
        {
            _ = Libc.SendSignal(-Id, Libc.Kill);
            _ = KillAllAsync(EnvironmentMark);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Watchdog.Forget(this);
        _ = Libc.SendSignal(-Id, Libc.Kill);
        await Task.WhenAny(_process.WaitForExitAsync(), Task.Delay(s_afterKill));
        var ended = Task.WhenAll(Output.Ended, Errors.Ended);
        if (await Task.WhenAny(ended, Task.Delay(s_soon)) != ended)
        {
            // A process that has made a session of its own holds them.
            await KillAllAsync(EnvironmentMark);
            await Task.WhenAny(ended, Task.Delay(s_afterKill));
        }

        _process.Dispose();
        // What a process still writes there is deleted at the end of the session.
        SessionFolder.TryDelete(_folder);
    }

    /// <summary>Ends all processes of all runs, wherever they have gone.</summary>
    public static Task KillAllAsync() => KillAllAsync(s_session);

    private Process Start(IReadOnlyList<string> command, string folder)
    {
        // The shell's process becomes the program itself, as the leader of a new session and process group. No core files are written.
        var start = new ProcessStartInfo("/bin/sh", ["-c", "ulimit -c 0; exec setsid \"$@\"", "sh", .. command])
        {
            WorkingDirectory = folder,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment[Mark] = EnvironmentMark[(Mark.Length + 1)..];
        start.Environment["TMPDIR"] = folder;
        // Python buffers what it prints into a pipe: how a submission deals with that is checked, so nothing here may change it.
        start.Environment.Remove("PYTHONUNBUFFERED");
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        return Process.Start(start)!;
    }

    /// <summary>Whether a line of a traceback is about the program, and not about Python's library.</summary>
    private static bool IsOwnPlace(string line) =>
        line.StartsWith("File \"", StringComparison.Ordinal) && !line.Contains("/lib/python", StringComparison.Ordinal) && !line.Contains('<', StringComparison.Ordinal);

    /// <summary>Each process has inherited the mark. One that forks all the time may need several rounds.</summary>
    private static async Task KillAllAsync(string mark)
    {
        for (var rounds = 0; rounds < 50; rounds++)
        {
            var left = ProcessTable.WithEnvironment(mark).ToArray();
            if (left.Length == 0)
            {
                return;
            }

            foreach (var id in left)
            {
                _ = Libc.SendSignal(id, Libc.Kill);
            }

            await Task.Delay(5);
        }
    }
}
