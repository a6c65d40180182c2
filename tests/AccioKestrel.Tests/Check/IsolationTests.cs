using System.Diagnostics;
using System.Text;

namespace AccioKestrel.Tests.Check;

/// <summary>Whatever a program under check does, the run ends, says so, and leaves nothing behind.</summary>
public sealed class IsolationTests
{
    [Theory]
    [InlineData("endless", "it wrote to standard output without end")]
    [InlineData("forking", "it runs, but does not listen")]
    [InlineData("greedy", "of memory; the limit is 128 MiB", "--memory 128")]
    [InlineData("scattering", "processes; the limit is 200")]
    public async Task HostileProgram_IsEnded_AndLeavesNothingBehind(string name, string reason, string options = "")
    {
        Needs.Installed("python3");
        var program = Repository.PathOf($"tests/AccioKestrel.Tests/Check/Hostile/{name}.py");
        var mark = $"--mark={Guid.NewGuid():N}";

        var report = await Checker.ReportAsync("server", $"--only accept {options}", Checker.Python, program, mark, "{port}");

        Assert.Equal(["accept"], report.Ids("fail"));
        Assert.Contains(reason, report.GetProperty("checks")[0].GetProperty("seen").GetString(), StringComparison.Ordinal);
        Assert.Contains(options, report.GetProperty("checks")[0].GetProperty("repeat").GetString(), StringComparison.Ordinal);
        Assert.Empty(ProcessesWith(mark));
    }

    [Theory]
    [InlineData(Signal.Interrupt)]
    [InlineData(Signal.Hangup)]
    public async Task InterruptedRun_LeavesNothingBehind(Signal signal)
    {
        Needs.Linux(Checker.Reason);
        Needs.Installed("python3");
        using var folder = new TemporaryFolder();
        var mark = $"--mark={Guid.NewGuid():N}";
        await using var checker = new ChildProcess(
            Checker.Binary,
            ["server", "--only", "accept,bad-port,port-missing", "--", Checker.Python, Repository.PathOf("tests/AccioKestrel.Tests/Check/Hostile/breeding.py"), mark, "{port}"],
            ("TMPDIR", folder.In("")));
        await Patience.UntilEqual(true, () => ProcessesWith(mark).Count() > 10);

        signal.SendTo(checker.Id);

        Assert.Equal(130, await checker.ExitAsync());
        Assert.Empty(ProcessesWith(mark));
        Assert.Empty(Directory.GetFileSystemEntries(folder.In("")));
    }

    /// <summary>Ten processes that share 300 MiB have no 3 GiB.</summary>
    [Fact]
    public async Task MemoryThatProcessesShare_IsCountedOnce()
    {
        Needs.Installed("python3");
        var report = await Checker.ReportAsync(
            "server", "--only accept,small,small-value,next-client,memory", Checker.Python, Repository.PathOf("tests/AccioKestrel.Tests/Check/Hostile/sharing.py"), "{port}");
        Assert.True(report.Ids("pass").Length == 5, report.ToString());
    }

    [Fact]
    public async Task TwoRunsAtTheSameTime_DoNotMeet()
    {
        Needs.Installed("python3");
        var reports = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Checker.ReportAsync(
            "server", "--only accept,small,small-value,next-client", Checker.Python, Checker.Server("right"), "{port}")));
        Assert.All(reports, report => Assert.Equal(4, report.Ids("pass").Length));
    }

    /// <summary>The processes, but not the checker, whose arguments have the mark too.</summary>
    private static IEnumerable<int> ProcessesWith(string mark) =>
        Process.GetProcesses().Where(process => CommandLine(process.Id) is { } line && line.Contains(mark, StringComparison.Ordinal) && !line.Contains("accio-check", StringComparison.Ordinal))
            .Select(process => process.Id);

    private static string? CommandLine(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/cmdline", Encoding.Latin1);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
