using System.Diagnostics;

namespace AccioKestrel.Checker;

/// <summary>One run of checks from the options to the exit code.</summary>
internal static class CheckSession
{
    /// <param name="kind">What is checked: server or client.</param>
    /// <param name="all">The checks to choose from.</param>
    /// <param name="target">The program under check.</param>
    /// <param name="arguments">The arguments that name it, to repeat a check.</param>
    /// <param name="settings">The options.</param>
    /// <param name="cancellationToken">Ends the run; what was started is ended too.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(
        string kind, IReadOnlyList<Check> all, CheckTarget target, IReadOnlyList<string> arguments, CheckSettings settings, CancellationToken cancellationToken)
    {
        var checks = SelectedChecks.Of(all, settings.Only, settings.Skip);
        var terminal = new TerminalReport();
        var (report, defects) = await terminal.ShowAsync(RunAsync(kind, checks, target, arguments, settings, terminal, cancellationToken));
        if (cancellationToken.IsCancellationRequested)
        {
            return ExitCode.Interrupted;
        }

        terminal.Write(report);
        WriteReports(report, settings.Reports);
        foreach (var defect in defects)
        {
            await Console.Error.WriteLineAsync($"ERROR: accio-check itself has failed: {defect}");
        }

        return defects.Count > 0 ? ExitCode.Environment : Code(report, settings);
    }

    /// <summary>Runs the checks.</summary>
    public static async Task<(Report Report, IReadOnlyCollection<Exception> Defects)> RunAsync(
        string kind, IReadOnlyList<Check> checks, CheckTarget target, IReadOnlyList<string> arguments, CheckSettings settings, ICheckDisplay display, CancellationToken cancellationToken)
    {
        var begun = Stopwatch.GetTimestamp();
        var runner = new CheckRunner(
            // A running server serves one client after the other: the clients of one check would wait for those of another.
            target, settings.Seed, target.Running is null ? settings.Jobs : 1, settings.Strict, display);
        var results = await runner.RunAsync(checks, cancellationToken);
        return (new Report(kind, arguments, settings.Seed, results, Stopwatch.GetElapsedTime(begun)), runner.Defects);
    }

    public static void WriteReports(Report report, IEnumerable<ReportFile> files)
    {
        foreach (var (format, path) in files)
        {
            using var file = File.Create(path);
            format.Write(report, file);
        }
    }

    private static int Code(Report report, CheckSettings settings)
    {
        if (settings.MinScore is { } least)
        {
            return report.Points >= least ? ExitCode.Passed : ExitCode.Failed;
        }

        // Where no criterion is among the checks, the others are what was asked for.
        var all = settings.Strict || report.Results.All(result => result.Check.Criterion is null);
        return report.Results.Any(result => result.Verdict is Verdict.Fail or Verdict.Skipped && (all || result.Check.Criterion is not null))
            ? ExitCode.Failed
            : ExitCode.Passed;
    }
}
