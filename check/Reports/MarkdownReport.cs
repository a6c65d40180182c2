namespace AccioKestrel.Checker;

/// <summary>Markdown, for the summary of a CI job.</summary>
internal sealed class MarkdownReport : IReportFormat
{
    public void Write(Report report, Stream file)
    {
        using var text = new StreamWriter(file) { NewLine = "\n" };
        text.WriteLine($"# accio-check {report.Kind}: {report.Summary}");
        text.WriteLine();
        text.WriteLine("| # | check | verdict | points | course |");
        text.WriteLine("|---|---|---|---|---|");
        foreach (var result in report.Results)
        {
            var points = result.Check.Criterion is null ? "" : $"{result.Points}/{result.Check.Points}";
            text.WriteLine($"| {result.Check.Criterion} | {result.Check.Id} | {result.Verdict.Name()} | {points} | {result.Check.Sentence.Replace("|", "\\|", StringComparison.Ordinal)} |");
        }

        // What was not judged last: the reason is in what failed.
        foreach (var result in report.Results.Where(result => result.Verdict is not Verdict.Pass).OrderBy(result => result.Verdict is Verdict.Skipped))
        {
            text.WriteLine();
            text.WriteLine($"## {ReportText.Title(result.Check)}: {result.Verdict.Name()}");
            text.WriteLine();
            text.WriteLine("````text");
            text.WriteLine(ReportText.Details(report, result));
            text.WriteLine("````");
        }
    }
}
