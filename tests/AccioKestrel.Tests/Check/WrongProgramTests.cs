using System.Text.Json;

namespace AccioKestrel.Tests.Check;

/// <summary>Each wrong program fails exactly the check that it is named after, with the hint that tells its mistake, and each check has a program that fails it.</summary>
public sealed class WrongProgramTests
{
    /// <summary>How many are checked at the same time: most of them wait.</summary>
    private const int Places = 6;

    [Fact]
    public Task WrongServers_FailExactlyTheirOwnCheck() =>
        ExpectOwnCheckToFailAsync("server", "Servers", "accept,command,receives,small,small-value,next-client", Checker.Server, "{port}");

    [Fact]
    public Task WrongClients_FailExactlyTheirOwnCheck() =>
        ExpectOwnCheckToFailAsync("client", "Clients", "connects,headers,small", Checker.Client, "{host}", "{port}", "{file}");

    [Theory]
    [InlineData("server", "Servers")]
    [InlineData("client", "Clients")]
    public async Task EachCheck_HasAWrongProgramThatFailsIt(string kind, string folder)
    {
        var all = await IdsAsync(kind);
        // A submission's commits are checked where submissions are.
        Assert.Equal(all.Where(id => id is not "commits").Order(StringComparer.Ordinal), Checker.Wrong(folder).Select(wrong => wrong.Check).Distinct().Order(StringComparer.Ordinal));
    }

    private static async Task ExpectOwnCheckToFailAsync(string kind, string folder, string others, Func<string, string> path, params string[] arguments)
    {
        Needs.Installed("python3");
        using var places = new SemaphoreSlim(Places);
        var failures = await Task.WhenAll(Checker.Wrong(folder).Select(async wrong =>
        {
            await places.WaitAsync(TestContext.Current.CancellationToken);
            try
            {
                var report = await Checker.ReportAsync(kind, $"--only {wrong.Check},{others}", [Checker.Python, path(wrong.Name), .. arguments]);
                return (Failed: $"{wrong.Name}: {string.Join(' ', report.Ids("fail"))}", Hint: $"{wrong.Name}: {HintOf(report, wrong.Check)}");
            }
            finally
            {
                places.Release();
            }
        }));
        Assert.Equal(Checker.Wrong(folder).Select(wrong => $"{wrong.Name}: {wrong.Check}"), failures.Select(failure => failure.Failed));

        // Beside the programs stands the hint that each is to be shown: it must tell its own mistake.
        var hints = Repository.PathOf($"tests/AccioKestrel.Tests/Check/{folder}/hints.txt");
        if (Environment.GetEnvironmentVariable("ACCIO_UPDATE") is "1")
        {
            await File.WriteAllLinesAsync(hints, failures.Select(failure => failure.Hint), TestContext.Current.CancellationToken);
        }

        Assert.Equal(await File.ReadAllLinesAsync(hints, TestContext.Current.CancellationToken), failures.Select(failure => failure.Hint));
    }

    private static string? HintOf(JsonElement report, string id) =>
        report.GetProperty("checks").EnumerateArray().Single(check => check.GetProperty("id").ValueEquals(id)).GetProperty("hint").GetString();

    private static async Task<string[]> IdsAsync(string kind)
    {
        var run = await Checker.RunAsync("list", "--json");
        Assert.Equal(0, run.Code);
        return [.. JsonDocument.Parse(run.Output).RootElement.GetProperty(kind).EnumerateArray().Select(check => check.GetProperty("id").GetString()!)];
    }
}
