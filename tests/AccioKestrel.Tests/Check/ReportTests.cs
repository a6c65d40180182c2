using System.Text;
using System.Text.Json;
using System.Xml.Linq;

namespace AccioKestrel.Tests.Check;

/// <summary>Reports for machines: each in its format, whatever the program under check has said.</summary>
public sealed class ReportTests
{
    [Fact]
    public async Task Reports_OfAProgramThatSaysControlCharacters_AreWellFormed()
    {
        Needs.Installed("python3");
        using var folder = new TemporaryFolder();

        var run = await Checker.RunAsync(
            "server", "--only", "accept,command,commits,port-missing", "--report", $"json={folder.In("json")}", "--report", $"junit={folder.In("junit")}",
            "--report", $"gradescope={folder.In("gradescope")}", "--report", $"markdown={folder.In("markdown")}", "--report", $"tap={folder.In("tap")}",
            "--", Checker.Python, Repository.PathOf("tests/AccioKestrel.Tests/Check/Hostile/quitting.py"), "{port}");

        Assert.Equal(1, run.Code);
        Assert.DoesNotContain('\0', run.Output);
        Assert.DoesNotContain('\x1b', run.Output);

        var suite = XDocument.Load(folder.In("junit")).Root!;
        Assert.Equal("4", suite.Attribute("tests")!.Value);
        Assert.Equal("2", suite.Attribute("failures")!.Value);
        Assert.Equal("2", suite.Attribute("skipped")!.Value);

        var gradescope = JsonDocument.Parse(await File.ReadAllTextAsync(folder.In("gradescope"), TestContext.Current.CancellationToken)).RootElement;
        Assert.Equal(5, gradescope.GetProperty("score").GetInt32());
        Assert.Equal(15, gradescope.GetProperty("tests").EnumerateArray().Sum(test => test.GetProperty("max_score").GetInt32()));

        var tap = await File.ReadAllLinesAsync(folder.In("tap"), TestContext.Current.CancellationToken);
        Assert.Equal(["TAP version 14", "1..4"], tap[..2]);
        Assert.Equal(
            ["ok 1 - commits # SKIP unavailable", "not ok 2 - accept", "ok 3 - command # SKIP skipped", "not ok 4 - port-missing"],
            tap.Where(line => line.Contains("ok ", StringComparison.Ordinal) && !line.StartsWith('#')));

        Assert.StartsWith("# accio-check server: 5 of 15 points", await File.ReadAllTextAsync(folder.In("markdown"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task JsonReport_IsAsItsSchemaSays()
    {
        Needs.Installed("python3");
        var report = await Checker.ReportAsync("server", "--only accept,bad-port,commits,command", Checker.Python, Checker.Server("accept"), "{port}");
        using var schema = JsonDocument.Parse(await File.ReadAllTextAsync(Repository.PathOf("check/report.schema.json"), TestContext.Current.CancellationToken));
        ExpectSchema(schema.RootElement, report);
    }

    [Fact]
    public async Task Failure_SaysTheSentence_WhatWasExpectedAndSeen_AHint_AndTheCommandThatRepeatsIt()
    {
        Needs.Installed("python3");
        var run = await Checker.RunAsync("server", "--only", "11,12", "--seed", "7", "--", Checker.Python, Checker.Server("small-value"), "{port}");
        Assert.Equal(1, run.Code);
        Assert.Contains("""
            course:   Server prints the correct value for the received data from the previous test
            expected: 500 on standard output
            seen:     538
            hint:     The header (15 + 23 bytes of the two confirmations) is no part of the file, and everything behind it is.
            """, run.Output, StringComparison.Ordinal);
        // CapturedStream decodes bytes as Latin-1. The path is quoted if it has blanks or umlauts.
        var server = Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(Checker.Server("small-value")));
        string[] spellings = [server, $"'{server}'"];
        Assert.True(
            Array.Exists(spellings, spelling => run.Output.Contains(
                $"repeat:   accio-check server --only small-value --seed 7 -- {Checker.Python} {spelling} {{port}}\n", StringComparison.Ordinal)),
            run.Output);
        Assert.Contains("10 of 20 points", run.Output, StringComparison.Ordinal);
    }

    /// <summary>As much of JSON Schema as the schema makes use of.</summary>
    private static void ExpectSchema(JsonElement schema, JsonElement value)
    {
        if (schema.TryGetProperty("enum", out var values))
        {
            Assert.Contains(value.GetString(), values.EnumerateArray().Select(item => item.GetString()));
            return;
        }

        var type = schema.GetProperty("type");
        string[] types = type.ValueKind is JsonValueKind.Array ? [.. type.EnumerateArray().Select(item => item.GetString()!)] : [type.GetString()!];
        Assert.Contains(value.ValueKind switch
        {
            JsonValueKind.Number => types.Contains("number") ? "number" : "integer",
            JsonValueKind.True or JsonValueKind.False => "boolean",
            var kind => kind.ToString().ToLowerInvariant(),
        }, types);
        if (value.ValueKind is JsonValueKind.Array)
        {
            Assert.All(value.EnumerateArray(), item => ExpectSchema(schema.GetProperty("items"), item));
        }
        else if (value.ValueKind is JsonValueKind.Object)
        {
            var properties = schema.GetProperty("properties");
            Assert.All(schema.GetProperty("required").EnumerateArray(), name => Assert.True(value.TryGetProperty(name.GetString()!, out var _), $"{name} is missing"));
            Assert.All(value.EnumerateObject(), property => ExpectSchema(properties.GetProperty(property.Name), property.Value));
        }
    }
}
