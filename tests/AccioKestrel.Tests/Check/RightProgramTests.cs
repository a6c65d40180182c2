namespace AccioKestrel.Tests.Check;

/// <summary>Right programs have all points, and nothing beyond the points fails.</summary>
public sealed class RightProgramTests
{
    private const string Criteria = "--only 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16";

    [Fact]
    public Task ThisServer_HasAllPoints() => ExpectAllPointsAsync("server", "", AccioServer.Binary, "{port}");

    [Fact]
    public async Task OtherServers_HaveAllPoints()
    {
        Needs.Installed("python3", "gcc");
        using var folder = new TemporaryFolder();
        await ChildProcess.RunShellAsync("gcc -O2 -o \"$1\" \"$0\"", Repository.PathOf("benchmarks/peers/accio_server.c"), folder.In("peer"));
        await Task.WhenAll(
            ExpectAllPointsAsync("server", Criteria, Checker.Python, Checker.Server("right"), "{port}"),
            ExpectAllPointsAsync("server", Criteria, Checker.Python, Checker.Server("asynchronous"), "{port}"),
            ExpectAllPointsAsync("server", Criteria, Checker.Python, Repository.PathOf("benchmarks/peers/accio_server.py"), "{port}"),
            ExpectAllPointsAsync("server", Criteria, folder.In("peer"), "{port}", "recv"),
            ExpectAllPointsAsync("server", Criteria, folder.In("peer"), "{port}", "limit"));
    }

    [Fact]
    public async Task Clients_HaveAllPoints()
    {
        Needs.Installed("python3");
        await Task.WhenAll(
            ExpectAllPointsAsync("client", "", Path.Combine(AppContext.BaseDirectory, "AccioClient"), "{host}", "{port}", "{file}"),
            ExpectAllPointsAsync("client", "", Checker.Python, Checker.Client("right"), "{host}", "{port}", "{file}"));
    }

    /// <summary>What counts is that it goes on, not how fast.</summary>
    [Fact]
    public async Task SlowServer_ReceivesALargeFile()
    {
        Needs.Installed("python3");
        var report = await Checker.ReportAsync("server", "--only large,large-value", Checker.Python, Repository.PathOf("tests/AccioKestrel.Tests/Check/Hostile/slow.py"), "{port}");
        Assert.True(report.Ids("pass").Length == 2, report.ToString());
    }

    private static async Task ExpectAllPointsAsync(string kind, string options, params string[] command)
    {
        var report = await Checker.ReportAsync(kind, options, command);
        Assert.True(report.Ids("fail") is [], $"A right program has failed:\n{report}");
        Assert.Empty(report.Ids("skipped"));
        Assert.Equal(100, report.GetProperty("points").GetInt32());
        Assert.Equal(100, report.GetProperty("maxPoints").GetInt32());
    }
}
