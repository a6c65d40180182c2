using AccioKestrel.Tests.Packaging;

namespace AccioKestrel.Tests.EndToEnd;

/// <summary>The programs for Windows, and a Windows of its own to run them in, by Wine. Both are made once, by the first test that needs them.</summary>
public sealed class Wine : IAsyncLifetime
{
    private const string Folder = "/usr/lib/wine";
    private const string CtrlC = "\u0003";

    private static readonly string? s_given = Environment.GetEnvironmentVariable("ACCIO_WINDOWS") is { Length: > 0 } path ? Path.GetFullPath(path) : null;

    private readonly Build _build = new();
    private string? _programs;
    private ChildProcess? _session;

    private string Prefix => _build.PathOf("wine");

    private (string Name, string Value)[] Variables =>
    [
        ("WINEPREFIX", Prefix),
        ("WINEARCH", "win64"),
        ("WINEDEBUG", "-all"),
        // Wine 8 crashes in the runtime when a page is mapped a second time, to be written.
        ("DOTNET_EnableWriteXorExecute", "0"),
        ("SHELL", "/bin/bash"),
    ];

    public async ValueTask InitializeAsync()
    {
        if (!File.Exists(Program))
        {
            return;
        }

        _programs = s_given ?? _build.PathOf("windows");
        if (s_given is null)
        {
            await Build.RunAsync("publish", "AccioKestrel.csproj", "-r", "win-x64", "--self-contained", "-o", Path.Combine(_programs, "server"));
            await Build.RunAsync("publish", "client/AccioClient.csproj", "-r", "win-x64", "--self-contained", "-o", Path.Combine(_programs, "client"));
        }

        await MakePrefixAsync();
        // Wine's services start with the first program and end with the last one. They inherit its output, whose end a test waits for, so
        // the first is this one, which waits for a command.
        _session = new ChildProcess(Program, ["cmd"], Variables);
        await _session.Output.WaitUntilAsync(text => text.Contains('>', StringComparison.Ordinal));
    }

    public async ValueTask DisposeAsync()
    {
        if (_session is not null)
        {
            await _session.DisposeAsync();
            await EndServicesAsync();
        }

        _build.Dispose();
    }

    private static string Program => Path.Combine(Folder, "wine64");

    public static void SkipUnlessInstalled()
    {
        Assert.SkipUnless(File.Exists(Program), "Wine is not installed (Debian package: wine64).");
        Needs.Installed("script");
    }

    /// <summary>Starts the server on a free port, in a terminal for Ctrl+C. Its output and errors go to pipes.</summary>
    /// <param name="options">Its options, separated by spaces.</param>
    /// <param name="pipeline">What reads its output, behind a pipe; or nothing.</param>
    internal async Task<(AccioServer Server, Func<Task> CtrlC)> StartServerAsync(string options = "", string pipeline = "")
    {
        var port = AccioServer.FreePort();
        var process = Start($"server/AccioKestrel.exe {port} {options}", pipeline);
        return (await AccioServer.AttachAsync(process, port), () => process.InputAsync(CtrlC));
    }

    /// <summary>Starts the server with these arguments, in a terminal as well.</summary>
    /// <param name="arguments">The program's file, its arguments, and where its output goes.</param>
    /// <param name="pipeline">What reads its output, behind a pipe; or nothing.</param>
    /// <param name="before">Commands of the shell that starts it.</param>
    internal ChildProcess Start(string arguments, string pipeline = "", string before = "") => new(
        "/bin/bash",
        ["-c", """exec 3>&1 4>&2; exec script --quiet --return --flush --command "set -o pipefail; { $COMMAND; } 2>&4 $PIPELINE >&3" /dev/null >/dev/null"""],
        [.. Variables, ("COMMAND", $"{before} {Program} {_programs}/{arguments}"), ("PIPELINE", pipeline)]);

    /// <summary>Starts the client, without a terminal.</summary>
    internal ChildProcess StartClient(int port, string file, string options = "") => new(
        Program,
        [$"{_programs}/client/AccioClient.exe", "127.0.0.1", AccioServer.Number(port), file, .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries)],
        Variables);

    /// <summary>The name by which Windows programs know a file of this machine.</summary>
    internal static string NameOf(string file) => $"Z:{file}";

    /// <summary>
    /// Makes the Wine prefix. On a busy machine Wine 8 once made one without its libraries ("could not load kernel32.dll"), so up to three are
    /// tried.
    /// </summary>
    private async Task MakePrefixAsync()
    {
        var problems = new List<string>();
        while (problems.Count < 3)
        {
            Directory.CreateDirectory(Prefix);
            // The runtime needs Windows 10. Wine 8 begins as Windows 7.
            if ((await RunAsync("wineboot", "--init") ?? await RunAsync("winecfg", "-v", "win10")) is not { } problem)
            {
                return;
            }

            problems.Add(problem);
            await EndServicesAsync();
            Directory.Delete(Prefix, recursive: true);
        }

        Assert.Fail(string.Join('\n', problems));
    }

    /// <summary>Wine's services would live on for some seconds.</summary>
    private async Task EndServicesAsync()
    {
        foreach (var option in (string[])["--kill", "--wait"])
        {
            await using var end = new ChildProcess(Path.Combine(Folder, "wineserver"), [option], Variables);
            await end.ExitAsync();
        }
    }

    /// <returns>Null, or what went wrong.</returns>
    private async Task<string?> RunAsync(params string[] arguments)
    {
        await using var wine = new ChildProcess(Program, arguments, Variables);
        try
        {
            var code = await wine.ExitAsync(TimeSpan.FromMinutes(3));
            return code == 0 ? null : $"Exit code {code}: wine {string.Join(' ', arguments)}\n{wine.Errors}";
        }
        catch (TimeoutException)
        {
            return $"No end: wine {string.Join(' ', arguments)}\n{wine.Errors}";
        }
    }
}
