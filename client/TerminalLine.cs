using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using AccioKestrel.Interop;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace AccioKestrel.Client;

/// <summary>
/// One line of standard error's terminal, redrawn in place. A terminal that is stopped (Ctrl+S) or gone delays only the display, never
/// the transfer or the end by a signal.
/// </summary>
internal sealed class TerminalLine : IDisposable
{
    private const string HideCursor = "\r\e[?25l";
    private const string ShowCursor = "\e[?25h";

    /// <summary>
    /// Erases from the cursor to the end of the screen, and returns to the line's first column. When the window becomes narrower, the
    /// terminal wraps the line into several rows, and the cursor stays with the line's first cell, in the first of these rows.
    /// </summary>
    private const string EraseBehind = "\e[J\r";

    private static readonly TimeSpan s_leaveTimeout = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly IAnsiConsole _console;
    private readonly PosixSignalRegistration[] _signals;
    private bool _isDrawn;
    private volatile bool _isSilent;

    private TerminalLine(IAnsiConsole console)
    {
        _console = console;
        // These signals still end or stop the process. The handlers only erase the line and show the cursor again. A signal that was ignored
        // when the client started stays ignored: the runtime takes care of that.
        PosixSignal[] ends = [PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGQUIT];
        _signals = [.. ends.Select(signal => PosixSignalRegistration.Create(signal, _ => Leave()))];
        if (!OperatingSystem.IsWindows())
        {
            _signals =
            [
                .. _signals,
                PosixSignalRegistration.Create(PosixSignal.SIGTSTP, LeaveAndStop),
                PosixSignalRegistration.Create(PosixSignal.SIGCONT, _ => _isSilent = false),
            ];
        }
    }

    /// <summary>The columns for a text. The last column stays free, because some terminals wrap when it is written.</summary>
    public static int Room => (Libc.TerminalWidth() is > 0 and var width ? width : 80) - 1;

    public bool IsUnicode => _console.Profile.Capabilities.Unicode;

    /// <returns>Null if standard error is no terminal, or a terminal that cannot redraw a line.</returns>
    public static TerminalLine? Find()
    {
        if (Console.IsErrorRedirected)
        {
            return null;
        }

        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(Console.Error),
            // The library would otherwise turn capabilities off if the environment looks like a CI service's. This is a terminal.
            Interactive = InteractionSupport.Yes,
            Enrichment = new ProfileEnrichment { UseDefaultEnrichers = false },
        });
        return console.Profile.Capabilities.Ansi ? new TerminalLine(console) : null;
    }

    /// <summary>Replaces the line by this one.</summary>
    public void Draw(params IEnumerable<Segment> line) => Write(isDrawn: true, [Segment.Control(HideCursor), .. line, Segment.Control(EraseBehind)]);

    /// <summary>Replaces the line by this one, and moves to the next line.</summary>
    public void Keep(params IEnumerable<Segment> line) =>
        Write(isDrawn: false, [Segment.Control("\r"), .. line, Segment.Control(EraseBehind), Segment.LineBreak, Segment.Control(ShowCursor)]);

    public void Erase()
    {
        lock (_lock)
        {
            if (_isDrawn)
            {
                // Erase from behind a blank: tmux copies the screen into its history when it is erased from the first cell.
                Write(isDrawn: false, [Segment.Control($"\r {EraseBehind}{ShowCursor}")]);
            }
        }
    }

    public void Dispose()
    {
        Erase();
        Array.ForEach(_signals, signal => signal.Dispose());
    }

    [UnsupportedOSPlatform("windows")]
    private void LeaveAndStop(PosixSignalContext _)
    {
        Leave();
        // The runtime does not stop a process that has a handler for this signal.
        Libc.Stop();
    }

    /// <summary>Erases the line and draws no other.</summary>
    private void Leave() => Task.Run(() =>
    {
        lock (_lock)
        {
            Erase();
            _isSilent = true;
        }
    }).Wait(s_leaveTimeout);

    private void Write(bool isDrawn, Segment[] segments)
    {
        lock (_lock)
        {
            try
            {
                if (!_isSilent)
                {
                    // One write, so that nothing else gets in between.
                    _console.Write(new Line(segments));
                    _isDrawn = isDrawn;
                }
            }
            catch (IOException)
            {
                // The terminal is gone. The transfer goes on without it.
                _isSilent = true;
            }
        }
    }

    private sealed class Line(Segment[] segments) : Renderable
    {
        protected override IEnumerable<Segment> Render(RenderOptions options, int maxWidth) => segments;
    }
}
