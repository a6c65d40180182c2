using System.Text;

namespace AccioKestrel.Tests.EndToEnd;

/// <summary>A real terminal (of tmux) in which a command runs, and whose screen can be read.</summary>
internal sealed class TerminalSession : IAsyncDisposable
{
    private readonly string _name = $"accio-{Guid.NewGuid():N}";

    private bool _isClosed;

    private TerminalSession()
    {
    }

    /// <param name="command">A shell command, which may redirect what should not go to the terminal.</param>
    /// <param name="columns">The width of the terminal.</param>
    public static async Task<TerminalSession> StartAsync(string command, int columns = 100)
    {
        var session = new TerminalSession();
        // The screen stays when the command has ended, and says how. What scrolls off it stays readable.
        await session.TmuxAsync(
            $"-f /dev/null set-option -g history-limit 50000 \\; set-option -g remain-on-exit on \\; new-session -d -x {columns} -y 24 {Quote($"{command}; echo exit code $?")}");
        return session;
    }

    public static string Quote(string text) => $"'{text.Replace("'", @"'\''", StringComparison.Ordinal)}'";

    /// <summary>What is on the screen and above it, row by row, without the blanks at the end of its lines.</summary>
    public async Task<string> ScreenAsync() => (await TmuxAsync("capture-pane -p -S -")).TrimEnd('\n');

    /// <summary>Changes the width of the terminal.</summary>
    public Task ResizeAsync(int columns) => TmuxAsync($"resize-window -x {columns}");

    /// <summary>The same with its colours, as escape sequences.</summary>
    public Task<string> ColouredScreenAsync() => TmuxAsync("capture-pane -p -e -S -");

    public async Task<string> WaitUntilAsync(Predicate<string> wanted)
    {
        var screen = "";
        for (var end = DateTime.UtcNow + Patience.Limit; DateTime.UtcNow < end; await Task.Delay(TimeSpan.FromMilliseconds(30), TestContext.Current.CancellationToken))
        {
            screen = await ScreenAsync();
            if (wanted(screen))
            {
                return screen;
            }
        }

        Assert.Fail($"The screen stayed at:\n{screen}");
        return screen;
    }

    public Task PressAsync(string key) => TmuxAsync($"send-keys {key}");

    /// <summary>Closes the terminal. Harmless when called again.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_isClosed)
        {
            _isClosed = true;
            await TmuxAsync("kill-server");
        }
    }

    private async Task<string> TmuxAsync(string command) =>
        Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(await ChildProcess.RunShellAsync($"TERM=xterm-256color tmux -u -L {_name} {command}")));
}
