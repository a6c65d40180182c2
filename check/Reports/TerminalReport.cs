using System.Globalization;
using Spectre.Console;

namespace AccioKestrel.Checker;

/// <summary>What a person sees: each check as it ends, those that run, and at the end the tables and the reasons.</summary>
internal sealed class TerminalReport : ICheckDisplay
{
    private const int WidthOfFiles = 100;
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(200);

    private readonly IAnsiConsole _console = AnsiConsole.Console;
    private readonly Lock _lock = new();
    private readonly Dictionary<Check, (CheckContext Context, DateTime Started)> _running = [];
    private readonly bool _isLive = AnsiConsole.Profile.Capabilities.Interactive && !Console.IsOutputRedirected;

    public TerminalReport()
    {
        if (!_isLive)
        {
            _console.Profile.Width = WidthOfFiles;
        }
    }

    public void Started(Check check, CheckContext context)
    {
        lock (_lock)
        {
            _running[check] = (context, DateTime.UtcNow);
            if (!_isLive && check.Seconds > 5)
            {
                _console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[dim]        {check.Id} takes about {check.Seconds} s[/]");
            }
        }
    }

    public void Ended(CheckResult result)
    {
        lock (_lock)
        {
            _running.Remove(result.Check);
            EraseLine();
            if (result.Verdict is Verdict.Fail)
            {
                _console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[red]not ok[/]  {ReportText.Title(result.Check)}: {ReportText.Clean(result.Finding!.Seen)}");
            }
            else
            {
                _console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"{(result.Verdict is Verdict.Pass or Verdict.NotStrict ? "ok    " : "--    ")}  {ReportText.Title(result.Check)}");
            }
        }
    }

    /// <summary>Shows what runs while it runs, in one line: the library's live display leaves lines behind where results are written above it.</summary>
    public async Task<T> ShowAsync<T>(Task<T> checks)
    {
        while (_isLive && await Task.WhenAny(checks, Task.Delay(s_interval)) != checks)
        {
            lock (_lock)
            {
                EraseLine();
                _console.Profile.Out.Writer.Write(RunningLine());
                _console.Profile.Out.Writer.Flush();
            }
        }

        lock (_lock)
        {
            EraseLine();
        }

        return await checks;
    }

    public void Write(Report report)
    {
        WriteTable(report, "Criteria", report.Results.Where(result => result.Check.Criterion is not null));
        WriteTable(report, "Beyond the points", report.Results.Where(result => result.Check.Criterion is null));
        foreach (var result in report.Results.Where(result => result.Verdict is Verdict.Fail or Verdict.NotStrict))
        {
            _console.WriteLine();
            _console.MarkupLine($"{Colored(result.Verdict)} [bold]{Markup.Escape(ReportText.Title(result.Check))}[/]");
            // As it is: a line that is wrapped here could not be copied.
            _console.Profile.Out.Writer.WriteLine(ReportText.Details(report, result));
        }

        _console.WriteLine();
        _console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[bold]{report.Summary}[/], in {Size.Of(report.Elapsed)}, seed {report.Seed}");
    }

    /// <summary>The check that takes longest, and how many others there are.</summary>
    private string RunningLine()
    {
        if (_running.Count == 0)
        {
            return "";
        }

        var (check, (context, started)) = _running.MaxBy(running => running.Key.Seconds);
        var seconds = (DateTime.UtcNow - started).TotalSeconds;
        var usual = check.Seconds > 5 ? string.Create(CultureInfo.InvariantCulture, $" of about {check.Seconds}") : "";
        var others = _running.Count > 1 ? string.Create(CultureInfo.InvariantCulture, $" (and {_running.Count - 1} more)") : "";
        var line = string.Create(CultureInfo.InvariantCulture, $"...     {check.Id}{others}, {seconds:0}{usual} s: waiting for {context.Progress}");
        var room = Math.Max(1, _console.Profile.Width - 1);
        return line.Length > room ? line[..room] : line;
    }

    private void EraseLine()
    {
        if (_isLive)
        {
            _console.Profile.Out.Writer.Write("\r\x1b[K");
        }
    }

    private void WriteTable(Report report, string title, IEnumerable<CheckResult> results)
    {
        var rows = results.ToArray();
        if (rows.Length == 0)
        {
            return;
        }

        var hasPoints = rows.Any(row => row.Check.Criterion is not null);
        var table = new Table { Title = new TableTitle(title), Border = TableBorder.Simple };
        table.AddColumns("check", "verdict", hasPoints ? "points" : "", "what");
        foreach (var row in rows)
        {
            table.AddRow(
                new Text(ReportText.Title(row.Check)),
                new Markup(Colored(row.Verdict)),
                new Text(hasPoints ? $"{row.Points}/{row.Check.Points}" : ""),
                new Text(row.Verdict is Verdict.Skipped or Verdict.Unavailable ? ReportText.Clean(row.Finding!.Seen) : row.Check.Sentence));
        }

        if (hasPoints)
        {
            table.AddRow(new Text("all"), new Text(""), new Text($"{report.Points}/{report.MaxPoints}"), new Text(""));
        }

        _console.Write(table);
    }

    private static string Colored(Verdict verdict)
    {
        var color = verdict switch { Verdict.Pass => "green", Verdict.Fail => "red", _ => "yellow" };
        return $"[{color}]{verdict.Name()}[/]";
    }
}
