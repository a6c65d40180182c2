using System.Text.Json;

namespace AccioKestrel.Checker;

/// <summary>JSON as described by <c>report.schema.json</c>.</summary>
internal sealed class JsonReport : IReportFormat
{
    public void Write(Report report, Stream file)
    {
        using var json = new Utf8JsonWriter(file, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteString("target", report.Kind);
        json.WriteNumber("points", report.Points);
        json.WriteNumber("maxPoints", report.MaxPoints);
        json.WriteNumber("uncheckedPoints", report.Unchecked);
        json.WriteNumber("seed", report.Seed);
        json.WriteNumber("seconds", Math.Round(report.Elapsed.TotalSeconds, 3));
        json.WriteStartArray("arguments");
        foreach (var argument in report.Arguments)
        {
            json.WriteStringValue(argument);
        }

        json.WriteEndArray();
        json.WriteStartArray("checks");
        foreach (var result in report.Results)
        {
            Write(json, report, result);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, Report report, CheckResult result)
    {
        json.WriteStartObject();
        json.WriteString("id", result.Check.Id);
        if (result.Check.Criterion is { } criterion)
        {
            json.WriteNumber("criterion", criterion);
        }
        else
        {
            json.WriteNull("criterion");
        }

        json.WriteNumber("points", result.Points);
        json.WriteNumber("maxPoints", result.Check.Points);
        json.WriteString("verdict", result.Verdict.Name());
        json.WriteNumber("seconds", Math.Round(result.Elapsed.TotalSeconds, 3));
        json.WriteString("sentence", result.Check.Sentence);
        json.WriteString("expected", result.Finding?.Expected);
        json.WriteString("seen", result.Finding?.Seen);
        json.WriteString("hint", result.Finding?.Hint);
        json.WriteString("repeat", report.Repeat(result.Check));
        json.WriteStartArray("parts");
        foreach (var part in result.SubChecks)
        {
            json.WriteStartObject();
            json.WriteString("name", part.Name);
            json.WriteBoolean("passed", part.Passed);
            json.WriteString("detail", part.Detail);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
