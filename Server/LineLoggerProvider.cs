using System.Text;
using Microsoft.Extensions.Logging;

namespace AccioKestrel.Server;

/// <summary>
/// Writes each log entry as one line. The first line is written at once; lines that follow within a tenth of a second are written
/// together.
/// </summary>
/// <remarks>
/// The framework's console logger wakes a thread for each line, which costs more than an exchange of a few bytes. Logging never waits
/// for the reader of standard error: lines that find no room are dropped and counted.
/// </remarks>
internal sealed class LineLoggerProvider : ILoggerProvider
{
    /// <summary>The shortest time between two writes.</summary>
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(100);

    /// <summary>How long the end of the program waits until its last lines are read.</summary>
    private static readonly TimeSpan s_lastWait = TimeSpan.FromMilliseconds(200);

    /// <summary>How many characters may wait: some ten thousand lines.</summary>
    private const int Room = 1024 * 1024;

    private readonly TextWriter _writer;
    private readonly LogLineFormat _format;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly Lock _writing = new();
    private readonly ITimer _timer;
    private StringBuilder _waiting = new();
    private StringBuilder _spare = new();
    private long _writtenAt;

    /// <summary>Whether a write is due or under way.</summary>
    private bool _isScheduled;

    private int _dropped;

    /// <param name="writer">Where the lines go.</param>
    /// <param name="format">What a line looks like.</param>
    /// <param name="time">The clock.</param>
    public LineLoggerProvider(TextWriter writer, LogLineFormat format, TimeProvider time)
    {
        _writer = writer;
        _format = format;
        _time = time;
        _writtenAt = time.GetTimestamp() - time.TimestampFrequency;
        _timer = time.CreateTimer(_ => WriteScheduled(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public ILogger CreateLogger(string categoryName) => new LineLogger(this, categoryName);

    public void Add(in LogEntry line)
    {
        lock (_lock)
        {
            if (_waiting.Length > Room)
            {
                _dropped++;
                return;
            }

            _format(_waiting, _time.GetUtcNow().UtcDateTime, line);
            if (!_isScheduled)
            {
                Schedule();
            }
        }
    }

    public void Dispose()
    {
        _timer.Dispose();
        // On another thread: a write that blocks must not keep the program from ending.
        Task.Run(WriteOut).Wait(s_lastWait);
    }

    private void Schedule()
    {
        _isScheduled = true;
        var wait = s_interval - _time.GetElapsedTime(_writtenAt);
        _timer.Change(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
    }

    private void WriteScheduled()
    {
        WriteOut();
        lock (_lock)
        {
            // Not before: a reader that is stuck would hold up one more thread of the pool, and with it a stop.
            _isScheduled = false;
            if (_waiting.Length > 0)
            {
                Schedule();
            }
        }
    }

    private void WriteOut()
    {
        // One batch at a time, to keep the order of lines.
        lock (_writing)
        {
            var lines = Take();
            try
            {
                foreach (var chunk in lines.GetChunks())
                {
                    _writer.Write(chunk.Span);
                }

                _writer.Flush();
            }
            catch (Exception)
            {
                // Standard error is closed, or does not take more. The log has no other place, and results do not depend on it. Not only
                // IOException: the runtime throws others for some errors of the system, such as ArgumentOutOfRangeException for EFBIG.
            }

            lines.Clear();
        }
    }

    private StringBuilder Take()
    {
        lock (_lock)
        {
            _writtenAt = _time.GetTimestamp();
            (_waiting, _spare) = (_spare, _waiting);
            if (_dropped > 0)
            {
                var notice = new LogEntry(
                    LogLevel.Warning, nameof(AccioKestrel), default, $"{_dropped} log lines dropped: standard error was not being read", Values: null, Exception: null);
                _format(_spare, _time.GetUtcNow().UtcDateTime, notice);
                _dropped = 0;
            }

            return _spare;
        }
    }

    private sealed class LineLogger(LineLoggerProvider provider, string category) : ILogger
    {
        /// <summary>Scopes are not written: each message names its connection.</summary>
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel is not LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            provider.Add(new LogEntry(
                logLevel, category, eventId, formatter(state, exception), state as IReadOnlyList<KeyValuePair<string, object?>>, exception));
    }
}
