using System.Text.Json;

namespace AccioKestrel.Checker;

/// <summary>The list of checks for machines.</summary>
internal static class CheckList
{
    public static void Write(IEnumerable<(string Kind, IReadOnlyList<Check> Checks)> all, Stream output)
    {
        using var json = new Utf8JsonWriter(output, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        foreach (var (kind, checks) in all)
        {
            json.WriteStartArray(kind);
            foreach (var check in checks)
            {
                json.WriteStartObject();
                json.WriteString("id", check.Id);
                if (check.Criterion is { } criterion)
                {
                    json.WriteNumber("criterion", criterion);
                }
                else
                {
                    json.WriteNull("criterion");
                }

                json.WriteNumber("maxPoints", check.Points);
                json.WriteString("sentence", check.Sentence);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }
}
