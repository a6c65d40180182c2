using System.Globalization;
using System.Text.Json;

namespace AccioKestrel.Tests.Check;

/// <summary>The checker as a process: its exit code and its reports are all that the tests know of it.</summary>
internal static class Checker
{
    /// <summary>Why the tests of the checker are skipped elsewhere.</summary>
    public const string Reason = "processes and sockets as accio-check looks at them";

    public static string Binary { get; } = Path.Combine(AppContext.BaseDirectory, "accio-check");

    /// <summary>Python itself: a version manager's script of that name takes longer to start than all else.</summary>
    public static string Python { get; } = File.Exists("/usr/bin/python3") ? "/usr/bin/python3" : "python3";

    public static string Server(string name) => Repository.PathOf($"tests/AccioKestrel.Tests/Check/Servers/{name}.py");

    public static string Client(string name) => Repository.PathOf($"tests/AccioKestrel.Tests/Check/Clients/{name}.py");

    /// <summary>Each wrong program is named after the check that it fails; a second one for the same check has something more in its name.</summary>
    public static IEnumerable<(string Name, string Check)> Wrong(string folder) =>
        Directory.GetFiles(Repository.PathOf($"tests/AccioKestrel.Tests/Check/{folder}"), "*.py")
            .Select(file => Path.GetFileNameWithoutExtension(file))
            .Where(name => name is not ("right" or "asynchronous"))
            .Order(StringComparer.Ordinal)
            .Select(name => (name, name.Split('.')[0]));

    /// <summary>Runs it to its end.</summary>
    public static async Task<CheckerRun> RunAsync(params string[] arguments)
    {
        Needs.Linux(Reason);
        await using var checker = new ChildProcess(Binary, arguments);
        var code = await checker.ExitAsync(TimeSpan.FromMinutes(5));
        return new CheckerRun(code, checker.Output.ToString(), checker.Errors.ToString());
    }

    /// <summary>Starts its relay in front of a server of this machine.</summary>
    /// <returns>The process, and the port that it listens on.</returns>
    public static async Task<(ChildProcess Relay, int Port)> StartRelayAsync(int server, params string[] options)
    {
        Needs.Linux(Reason);
        var relay = new ChildProcess(Binary, ["relay", "127.0.0.1:0", $"127.0.0.1:{server}", .. options]);
        var line = await relay.Output.WaitUntilAsync(text => text.Contains('\n', StringComparison.Ordinal));
        return (relay, int.Parse(line.Split(':', ',')[1], CultureInfo.InvariantCulture));
    }

    /// <summary>Runs it for a JSON report.</summary>
    /// <param name="kind">server or client.</param>
    /// <param name="options">Its options, separated by spaces.</param>
    /// <param name="command">The program under check.</param>
    public static async Task<JsonElement> ReportAsync(string kind, string options, params string[] command)
    {
        using var folder = new TemporaryFolder();
        var run = await RunAsync([kind, .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--report", $"json={folder.In("report")}", "--", .. command]);
        Assert.True(run.Code is 0 or 1, $"Exit code {run.Code}: {run.Errors}\n{run.Output}");
        return JsonDocument.Parse(await File.ReadAllTextAsync(folder.In("report"))).RootElement;
    }

    public static string[] Ids(this JsonElement report, string verdict) =>
        [.. report.GetProperty("checks").EnumerateArray().Where(check => check.GetProperty("verdict").ValueEquals(verdict)).Select(check => check.GetProperty("id").GetString()!)];
}
