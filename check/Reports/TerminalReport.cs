using System.Globalization;
using AccioKestrel.Terminal;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace AccioKestrel.Checker;

/// <summary>What a person sees: each check as it ends, those that run, and at the end the tables and the reasons.</summary>
internal sealed class TerminalReport : ICheckDisplay
{
    private const int WidthOfFiles = 100;

    /// <summary>Below it the tables leave out their sentences, which would have a few letters a row.</summary>
    private const int WidthWithSentences = 76;

    /// <summary>Below it they have no room for blanks beside their columns either.</summary>
    private const int WidthWithBlanks = 48;

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
                const string verdict = "not ok";
                var row = TerminalText.Wrap($"{verdict}  {ReportText.Title(result.Check)}: {ReportText.Clean(result.Finding!.Seen).ReplaceLineEndings(" ")}", _console.Profile.Width);
                _console.Markup($"[red]{verdict}[/]");
                _console.Profile.Out.Writer.WriteLine(row[verdict.Length..]);
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
        foreach (var result in report.Results.Where(result =>
            result.Verdict is Verdict.Fail or Verdict.NotStrict || (result.Verdict is Verdict.Unavailable && _console.Profile.Width < WidthWithSentences)))
        {
            _console.WriteLine();
            _console.MarkupLine($"{Colored(result.Verdict)} [bold]{Markup.Escape(ReportText.Title(result.Check))}[/]");
            foreach (var line in ReportText.Details(report, result).Split('\n'))
            {
                // A command that is wrapped here could not be copied, and a file has no width.
                _console.Profile.Out.Writer.WriteLine(
                    _isLive && !line.StartsWith(ReportText.Repeat, StringComparison.Ordinal) ? TerminalText.Wrap(line, _console.Profile.Width) : line);
            }
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
        var width = _console.Profile.Width;
        var table = new Table { Title = new TableTitle(title), Border = width < WidthWithBlanks ? TableBorder.None : TableBorder.Simple };
        AddRow("check", new Text("verdict"), hasPoints ? "points" : "", "what");
        foreach (var row in rows)
        {
            AddRow(
                ReportText.Title(row.Check),
                new Markup(Colored(row.Verdict)),
                hasPoints ? $"{row.Points}/{row.Check.Points}" : "",
                row.Verdict is Verdict.Skipped or Verdict.Unavailable ? ReportText.Clean(row.Finding!.Seen) : row.Check.Sentence);
        }

        if (hasPoints)
        {
            AddRow("all", new Text(""), $"{report.Points}/{report.MaxPoints}", "");
        }

        _console.Write(table);

        // The first row is the header.
        void AddRow(string check, IRenderable verdict, string points, string what)
        {
            IRenderable[] cells = [new Text(check), verdict, new Text(points), .. width < WidthWithSentences ? Array.Empty<Text>() : [new Text(what)]];
            if (table.Columns.Count > 0)
            {
                table.AddRow(cells);
                return;
            }

            foreach (var cell in cells)
            {
                table.AddColumn(new TableColumn(cell) { Padding = width < WidthWithBlanks ? new Padding(0, 0, 1, 0) : new Padding(1, 0) });
            }
        }
    }

    private static string Colored(Verdict verdict)
    {
        var color = verdict switch { Verdict.Pass => "green", Verdict.Fail => "red", _ => "yellow" };
        return $"[{color}]{verdict.Name()}[/]";
    }
}
