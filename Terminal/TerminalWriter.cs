using System.Globalization;
using System.Text;

namespace AccioKestrel.Terminal;

/// <summary>
/// A terminal: all writes to it go through here, results, summaries, log lines and the progress line, so that none lands in the
/// progress line. That line is erased before other text and drawn again behind it.
/// </summary>
/// <remarks>
/// A terminal stops reading when its user presses Ctrl+S, and a write to it then blocks without a limit. So a thread of its own writes,
/// and callers only queue their text. Text that finds no room is left out and counted: summaries after <see cref="RoomForSummaries"/>,
/// results after <see cref="RoomForResults"/>. Log lines are never queued: <see cref="WriteLog"/> blocks its caller, the log's thread.
/// </remarks>
internal sealed class TerminalWriter : IDisposable
{
    /// <summary>How many characters can wait before summaries are left out: some ten screens.</summary>
    private const int RoomForSummaries = 64 * 1024;

    /// <summary>How many characters can wait before results are left out: half a million results. A stopped terminal must not use up the server's memory.</summary>
    private const int RoomForResults = 4 * 1024 * 1024;

    /// <summary>How much one call to the kernel writes. Between two calls, other programs can write to the terminal.</summary>
    private const int BlockLength = 16 * 1024;

    /// <summary>Moves to the start of the line and clears the line.</summary>
    private const string EraseLine = "\r\e[K";

    /// <summary>
    /// Moves to the start of the line and clears everything from there on. The cursor always rests at the start of the progress line, so
    /// this also clears the rows into which a narrower window has wrapped the line.
    /// </summary>
    private const string EraseWrappedLine = "\r\e[J";

    // Without wrapping, a line that is longer than the window is cut off, and the cursor stays in its row. The window may just have become narrower.
    private const string WrapOff = "\e[?7l";
    private const string WrapOn = "\e[?7h";

    /// <summary>
    /// How long a write may take before the terminal counts as one that does not read. One that reads takes microseconds. The first result
    /// beside a terminal that has stopped waits so long, later ones do not wait.
    /// </summary>
    private static readonly TimeSpan s_eraseLimit = TimeSpan.FromMilliseconds(250);

    /// <summary>How long the writing thread of a busy machine may take to begin.</summary>
    private static readonly TimeSpan s_scheduleLimit = TimeSpan.FromSeconds(2);

    /// <summary>How long the end of the program waits until the terminal has taken the remaining text.</summary>
    private static readonly TimeSpan s_lastWait = TimeSpan.FromMilliseconds(500);

    private readonly Action<byte[]> _write;
    private readonly bool _canErase;
    private readonly object _lock = new();
    private readonly Thread _thread;
    private readonly Queue<StringBuilder> _blocks = new();
    private StringBuilder _lines = new();
    private int _waiting;
    private StringBuilder? _log;
    private bool _isSummaryDue;
    private long _summariesLeftOut;
    private long _resultsLeftOut;
    private string _progress = "";
    private string _shown = "";
    private bool _isOnScreen;
    private long _writingSince;
    private bool _isClosed;

    /// <param name="write">Writes to the terminal.</param>
    /// <param name="canErase">Whether the terminal understands control sequences; without them there is no progress line.</param>
    public TerminalWriter(Action<byte[]> write, bool canErase)
    {
        _write = write;
        _canErase = canErase;
        _thread = new Thread(WriteUntilClosed) { IsBackground = true, Name = "Terminal" };
        _thread.Start();
    }

    /// <summary>Changes with each line; see <see cref="ShowProgress"/>.</summary>
    public long Version { get; private set; }

    /// <summary>Shows a result on a line of its own.</summary>
    /// <param name="line">The line.</param>
    /// <param name="isSummaryDue">Whether a summary follows. No log line is shown between the two.</param>
    public void WriteResult(string line, bool isSummaryDue)
    {
        lock (_lock)
        {
            Add(line, RoomForResults, ref _resultsLeftOut);
            _isSummaryDue = isSummaryDue;
        }
    }

    /// <summary>Shows a line about a result.</summary>
    public void WriteSummary(string line)
    {
        lock (_lock)
        {
            Add(line, RoomForSummaries, ref _summariesLeftOut);
            _isSummaryDue = false;
        }
    }

    /// <summary>Shows lines of the log. Returns when the terminal has taken them, or when this object was disposed.</summary>
    public void WriteLog(StringBuilder lines)
    {
        lock (_lock)
        {
            while (_log is not null && !_isClosed)
            {
                Monitor.Wait(_lock);
            }

            _log = lines;
            Monitor.PulseAll(_lock);
            while (_log == lines && !_isClosed)
            {
                Monitor.Wait(_lock);
            }
        }
    }

    /// <summary>Shows this as the progress line, or none if it is empty.</summary>
    /// <param name="line">At most as long as the terminal is wide.</param>
    /// <param name="version">
    /// The <see cref="Version"/> before the line was made. If it has changed, the exchange that the line describes may have ended, and
    /// the line is not shown.
    /// </param>
    public void ShowProgress(string line, long version)
    {
        lock (_lock)
        {
            if (_canErase && version == Version && !line.Equals(_progress, StringComparison.Ordinal))
            {
                _progress = line;
                Monitor.PulseAll(_lock);
            }
        }
    }

    /// <summary>
    /// Erases the progress line, so that text of another program on this terminal, such as <c>tee</c>, begins on an empty line. Returns
    /// when the line is gone, or gives up if the terminal does not read.
    /// </summary>
    public void EraseProgress()
    {
        lock (_lock)
        {
            Version++;
            _progress = "";
            Monitor.PulseAll(_lock);
            var begun = Environment.TickCount64;
            while (_isOnScreen && !IsBlocked() && Environment.TickCount64 - begun < s_scheduleLimit.TotalMilliseconds)
            {
                Monitor.Wait(_lock, s_eraseLimit);
            }
        }
    }

    /// <summary>Whether the terminal has not taken what is being written for longer than a terminal that reads needs.</summary>
    private bool IsBlocked() => _writingSince > 0 && Environment.TickCount64 - _writingSince >= s_eraseLimit.TotalMilliseconds;

    /// <summary>Writes the remaining text. Waits no longer than a terminal that reads needs.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _isClosed = true;
            _progress = "";
            Monitor.PulseAll(_lock);
        }

        // The thread is abandoned if it is still blocked: it must not keep the program from ending.
        _thread.Join(s_lastWait);
    }

    private void Add(string line, int room, ref long leftOut)
    {
        Version++;
        _progress = "";
        if (_waiting > room)
        {
            leftOut++;
            return;
        }

        if (_lines.Length >= BlockLength)
        {
            _blocks.Enqueue(_lines);
            _lines = new StringBuilder();
        }

        _lines.Append(line).Append('\n');
        _waiting += line.Length + 1;
        Monitor.PulseAll(_lock);
    }

    private void WriteUntilClosed()
    {
        while (true)
        {
            string text;
            StringBuilder? log;
            lock (_lock)
            {
                while (_waiting == 0 && (_log is null || _isSummaryDue) && _progress.Equals(_shown, StringComparison.Ordinal))
                {
                    if (_isClosed)
                    {
                        return;
                    }

                    Monitor.Wait(_lock);
                }

                text = Take(out log);
                _writingSince = Environment.TickCount64;
            }

            try
            {
                _write(Console.OutputEncoding.GetBytes(text));
            }
            catch (Exception)
            {
                // The terminal is gone. Its text has no other place, and the server goes on. The exception depends on the system.
            }

            lock (_lock)
            {
                _writingSince = 0;
                _log = log is null ? _log : null;
                _isOnScreen = _shown.Length > 0;
                Monitor.PulseAll(_lock);
            }
        }
    }

    /// <summary>Takes the text to write next.</summary>
    /// <param name="log">The log lines in it, or null.</param>
    private string Take(out StringBuilder? log)
    {
        // Erase the line even without a progress line: a pressed key, such as Ctrl+C, leaves its echo there.
        var text = new StringBuilder(!_canErase ? "" : _shown.Length > Terminals.Width ? EraseWrappedLine : EraseLine);
        log = _isSummaryDue ? null : _log;
        text.Append(log);
        if (!_blocks.TryDequeue(out var lines))
        {
            lines = _lines;
            _lines = new StringBuilder();
        }

        text.Append(lines);
        _waiting -= lines.Length;
        if (_waiting == 0)
        {
            AppendLeftOut(text, ref _resultsLeftOut, "results");
            AppendLeftOut(text, ref _summariesLeftOut, "summaries");
        }

        _shown = _progress;
        if (_shown.Length > 0)
        {
            _isOnScreen = true;
            text.Append(WrapOff).Append(_shown).Append(WrapOn).Append('\r');
        }

        return text.ToString();
    }

    private static void AppendLeftOut(StringBuilder text, ref long leftOut, string what)
    {
        if (leftOut > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"  ({leftOut} {what} left out)\n");
            leftOut = 0;
        }
    }
}
