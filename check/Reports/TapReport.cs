namespace AccioKestrel.Checker;

/// <summary>The Test Anything Protocol, version 14.</summary>
internal sealed class TapReport : IReportFormat
{
    public void Write(Report report, Stream file)
    {
        using var text = new StreamWriter(file) { NewLine = "\n" };
        text.WriteLine("TAP version 14");
        text.WriteLine($"1..{report.Results.Count}");
        for (var index = 0; index < report.Results.Count; index++)
        {
            var result = report.Results[index];
            var directive = result.Verdict is Verdict.Skipped or Verdict.Unavailable ? $" # SKIP {result.Verdict.Name()}" : "";
            text.WriteLine($"{(result.Verdict is Verdict.Fail ? "not ok" : "ok")} {index + 1} - {result.Check.Id}{directive}");
            foreach (var line in ReportText.Details(report, result).Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                text.WriteLine($"# {line}");
            }
        }
    }
}
