using System.Text.Json;

namespace AccioKestrel.Tests.Check;

/// <summary>Each wrong program fails exactly the check that it is named after, and each check has a program that fails it.</summary>
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
                return $"{wrong.Name}: {string.Join(' ', report.Ids("fail"))}";
            }
            finally
            {
                places.Release();
            }
        }));
        Assert.Equal(Checker.Wrong(folder).Select(wrong => $"{wrong.Name}: {wrong.Check}"), failures);
    }

    private static async Task<string[]> IdsAsync(string kind)
    {
        var run = await Checker.RunAsync("list", "--json");
        Assert.Equal(0, run.Code);
        return [.. JsonDocument.Parse(run.Output).RootElement.GetProperty(kind).EnumerateArray().Select(check => check.GetProperty("id").GetString()!)];
    }
}
