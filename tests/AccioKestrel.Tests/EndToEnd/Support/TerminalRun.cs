using System.Globalization;

namespace AccioKestrel.Tests.EndToEnd;

/// <summary>The server in a terminal, as a person starts it.</summary>
internal sealed class TerminalRun : IAsyncDisposable
{
    /// <summary>
    /// What stands above everything else, as in a terminal where the command was typed. The screen is full: in one that is not,
    /// tmux scrolls what a narrower window wraps off the screen, where no program can erase it.
    /// </summary>
    private const string Prompt = "accio";

    private readonly string _file;
    private readonly int _port;

    private TerminalRun(TerminalSession terminal, string file, int port)
    {
        Terminal = terminal;
        _file = file;
        _port = port;
    }

    public TerminalSession Terminal { get; }

    /// <summary>Starts it below a prompt. The log is off below warnings, so the screen holds what follows the start alone.</summary>
    /// <inheritdoc cref="StartWithLogAsync"/>
    public static Task<TerminalRun> StartAsync(string before = "", string options = "", string behind = "", int columns = 100) => StartWithLogAsync(
        $"export Logging__LogLevel__Default=Warning; printf '\\n%.0s' {{1..30}}; echo '$ {Prompt}'; {before}", options, behind, columns);

    /// <summary>Starts it on an empty screen.</summary>
    /// <param name="before">What stands before the command.</param>
    /// <param name="options">Options of the server.</param>
    /// <param name="behind">What stands behind the command; {0} is the name of a file, see <see cref="ExpectFileAsync"/>.</param>
    /// <param name="columns">The width of the terminal.</param>
    public static async Task<TerminalRun> StartWithLogAsync(string before, string options, string behind, int columns)
    {
        Needs.Installed("tmux");
        var port = AccioServer.FreePort();
        var file = Path.GetTempFileName();
        var output = string.Format(CultureInfo.InvariantCulture, behind, TerminalSession.Quote(file));
        var command = string.Create(CultureInfo.InvariantCulture, $"{before} {TerminalSession.Quote(AccioServer.Binary)} {port} {options} {output}");
        var run = new TerminalRun(await TerminalSession.StartAsync(command, columns), file, port);
        await AccioServer.UntilListeningAsync(port);
        return run;
    }

    public Task<AccioClient> ConnectAsync() => AccioClient.ConnectAsync(_port);

    /// <summary>The rows of the screen, and of what has scrolled off it, that are not empty, without the prompt.</summary>
    public async Task<List<string>> RowsAsync()
    {
        var rows = (await Terminal.ScreenAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal($"$ {Prompt}", rows[0]);
        return [.. rows.Skip(1)];
    }

    public Task ExpectFileAsync(string expected) => Patience.UntilEqual(expected, () => File.ReadAllText(_file));

    /// <summary>The process of the server. With the portable branches, a script has become the host that runs it.</summary>
    public async Task<int> ProcessIdAsync() => int.Parse(
        await ChildProcess.RunShellAsync("pgrep -f -- \"^($0|dotnet .*/AccioKestrel\\.dll) $1\"", AccioServer.Binary, AccioServer.Number(_port)), CultureInfo.InvariantCulture);

    public async ValueTask DisposeAsync()
    {
        await Terminal.DisposeAsync();
        File.Delete(_file);
    }
}
