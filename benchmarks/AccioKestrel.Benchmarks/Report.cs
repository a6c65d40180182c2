using System.Globalization;
using Spectre.Console;

namespace AccioKestrel.Benchmarks;

/// <summary>The results as Markdown, aligned so that a terminal shows them as well.</summary>
internal static class Report
{
    public static string Markdown(Results results)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        var console = AnsiConsole.Create(new() { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Out = new AnsiConsoleOutput(text) });
        console.Profile.Width = 400;

        text.WriteLine($"{results.Machine}. Rounds: {results.Rounds}. Each figure: median (lowest–highest), then the ratio of its median to that of {Peer.Recv}.");
        foreach (var work in results.Work)
        {
            text.WriteLine($"\n## {work.Title} (`{work.Id}`)\n");
            console.Write(Figures(results, work));
        }

        text.WriteLine($"\n## Figures to reach: {Peer.Native}\n");
        console.Write(Targets(results));

        // The library pads its tables with blanks and blank lines.
        return string.Join('\n', text.ToString().Split('\n').Select(line => line.TrimEnd())).Replace("\n\n\n", "\n\n", StringComparison.Ordinal).TrimEnd() + '\n';
    }

    private static Table Figures(Results results, Work work)
    {
        var table = NewTable(["server", .. work.Metrics.SelectMany(metric => new[] { metric.Name, "×" })]);
        foreach (var server in results.Servers.Where(server => results.Summary(work.Id, server, work.Metrics[0]) is not null))
        {
            table.AddRow([server, .. work.Metrics.SelectMany(metric => new[]
            {
                results.Summary(work.Id, server, metric)!.ToString(),
                Format(results.Ratio(work.Id, server, Peer.Recv, metric)),
            })]);
        }

        return table;
    }

    private static Table Targets(Results results)
    {
        var table = NewTable(["figure", "bound", "reached", "met"]);
        foreach (var target in Target.All)
        {
            if (target.IsMet(results) is { } met)
            {
                table.AddRow(target.Figure, target.Bound, Format(target.Value(results)), met ? "yes" : "**no**");
            }
        }

        return table;
    }

    private static Table NewTable(IEnumerable<string> columns)
    {
        var table = new Table().MarkdownBorder();
        foreach (var (index, column) in columns.Index())
        {
            table.AddColumn(new TableColumn(column) { Alignment = index == 0 ? Justify.Left : Justify.Right });
        }

        return table;
    }

    private static string Format(double? value) => value is { } number ? Summary.Format(number) : "–";
}
