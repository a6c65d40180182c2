using System.Globalization;
using System.Text.Json.Nodes;

namespace AccioKestrel.Tests.EndToEnd;

/// <summary>A file of results in a folder of its own, and what its documents say about it.</summary>
internal sealed class RecordedResults : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("accio-results-").FullName;

    public string File => PathOf("results.jsonl");

    public string Option => $"--results {File}";

    /// <summary>What the schema in the documents allows.</summary>
    public static JsonObject Schema { get; } = JsonNode.Parse(System.IO.File.ReadAllText(Repository.PathOf("docs/results.schema.json")))!.AsObject();

    public string PathOf(string name) => Path.Combine(_folder, name);

    /// <summary>The lines of a file, which must all be complete.</summary>
    public string[] Lines(string? name = null)
    {
        var text = System.IO.File.ReadAllText(PathOf(name ?? "results.jsonl"));
        Assert.True(text.Length == 0 || text[^1] is '\n', text);
        return text.Split('\n')[..^1];
    }

    /// <summary>The results in a file, each of which must be as the schema says.</summary>
    public List<JsonObject> Results(string? name = null) => [.. Lines(name).Select(line => Validated(JsonNode.Parse(line)!.AsObject()))];

    public List<long> Sizes(string? name = null) => [.. Results(name).Select(result => (long)result["bytes"]!)];

    /// <summary>A result, which must be as the schema says.</summary>
    public static JsonObject Validated(JsonObject result)
    {
        var properties = Schema["properties"]!.AsObject();
        Assert.Equal(Schema["required"]!.AsArray().Select(name => (string?)name), properties.Select(property => property.Key));
        Assert.Equal(properties.Select(property => property.Key), result.Select(property => property.Key));
        foreach (var (name, rule) in properties)
        {
            var value = result[name];
            if (rule!["enum"] is JsonArray allowed)
            {
                Assert.Contains((string?)value, allowed.Select(word => (string?)word));
                continue;
            }

            var types = rule["type"] is JsonArray several ? several.Select(type => (string)type!) : [(string)rule["type"]!];
            var kind = value?.GetValueKind().ToString().ToLowerInvariant() ?? "null";
            Assert.Contains(kind is "number" && long.TryParse(value!.ToJsonString(), CultureInfo.InvariantCulture, out _) ? "integer" : kind, types.SelectMany(WithIntegers));
            if (rule["format"] is not null)
            {
                Assert.EndsWith("Z", (string)value!, StringComparison.Ordinal);
                Assert.Equal(TimeSpan.Zero, DateTimeOffset.Parse((string)value!, CultureInfo.InvariantCulture).Offset);
            }
        }

        return result;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>A number can be a whole one.</summary>
    private static string[] WithIntegers(string type) => type is "number" ? ["number", "integer"] : [type];
}
