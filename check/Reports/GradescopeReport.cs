using System.Globalization;
using System.Text.Json;

namespace AccioKestrel.Checker;

/// <summary>Gradescope's <c>results.json</c>: the criteria with their points, and what is beyond them without.</summary>
internal sealed class GradescopeReport : IReportFormat
{
    public void Write(Report report, Stream file)
    {
        using var json = new Utf8JsonWriter(file, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteNumber("score", report.Points);
        json.WriteString("output", report.Summary);
        json.WriteNumber("execution_time", Math.Round(report.Elapsed.TotalSeconds, 1));
        json.WriteString("visibility", "visible");
        json.WriteString("stdout_visibility", "hidden");
        json.WriteStartArray("tests");
        foreach (var result in report.Results)
        {
            json.WriteStartObject();
            json.WriteString("name", result.Check.Criterion is null ? $"{result.Check.Id} (no points)" : $"{result.Check.Id}: {result.Check.Sentence}");
            json.WriteString("number", result.Check.Criterion?.ToString(CultureInfo.InvariantCulture) ?? "");
            json.WriteNumber("score", result.Points);
            json.WriteNumber("max_score", result.Check.Points);
            json.WriteString("status", result.Verdict is Verdict.Fail or Verdict.Skipped ? "failed" : "passed");
            json.WriteString("output", $"{result.Verdict.Name()}\n{ReportText.Details(report, result)}".TrimEnd());
            json.WriteString("visibility", "visible");
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
