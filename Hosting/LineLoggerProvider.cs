using System.Text;
using Microsoft.Extensions.Logging;

namespace AccioKestrel;

/// <summary>
/// Writes each log entry as one line: level, category, event id, message. A line appears at once, unless others have
/// just been written: then it waits for up to a tenth of a second, to be written together with those that follow it.
/// </summary>
/// <remarks>
/// The framework's console logger wakes a thread for each line, which costs more than an exchange of a few bytes does.
/// Whoever logs never waits for whoever reads: what a stuck reader leaves no room for is left out, and counted.
/// </remarks>
internal sealed class LineLoggerProvider : ILoggerProvider
{
    /// <summary>How often lines are written at the most.</summary>
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(100);

    /// <summary>How long the end of the program waits for a reader of its last lines.</summary>
    private static readonly TimeSpan s_lastWait = TimeSpan.FromSeconds(1);

    /// <summary>How many characters may wait: some ten thousand lines.</summary>
    private const int Room = 1024 * 1024;

    private readonly TextWriter _writer;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly ITimer _timer;
    private StringBuilder _waiting = new();
    private StringBuilder _spare = new();
    private long _writtenAt;
    private bool _isScheduled;
    private int _leftOut;

    /// <param name="writer">Where the lines go.</param>
    /// <param name="time">The clock.</param>
    public LineLoggerProvider(TextWriter writer, TimeProvider time)
    {
        _writer = writer;
        _time = time;
        _writtenAt = time.GetTimestamp() - time.TimestampFrequency;
        _timer = time.CreateTimer(_ => WriteOut(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public ILogger CreateLogger(string categoryName) => new LineLogger(this, categoryName);

    public void Add(LogLevel level, string category, EventId eventId, string message, Exception? exception)
    {
        lock (_lock)
        {
            if (_waiting.Length > Room)
            {
                _leftOut++;
                return;
            }

            _waiting.Append(Abbreviate(level)).Append(": ").Append(category).Append('[').Append(eventId.Id).Append("] ").Append(message);
            if (exception is not null)
            {
                _waiting.Append(' ').Append(exception.ToString().ReplaceLineEndings(" "));
            }

            _waiting.Append('\n');
            if (!_isScheduled)
            {
                _isScheduled = true;
                var wait = s_interval - _time.GetElapsedTime(_writtenAt);
                _timer.Change(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
            }
        }
    }

    public void Dispose()
    {
        _timer.Dispose();
        // On another thread: one that is stuck in writing must not keep the program from ending.
        Task.Run(WriteOut).Wait(s_lastWait);
    }

    private void WriteOut()
    {
        // One batch after the other, or their order would be lost.
        _writing.Wait();
        try
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
            catch (IOException)
            {
                // Standard error is closed. There is no other place to say so, and results do not depend on it.
            }

            lines.Clear();
        }
        finally
        {
            _writing.Release();
        }
    }

    private StringBuilder Take()
    {
        lock (_lock)
        {
            _isScheduled = false;
            _writtenAt = _time.GetTimestamp();
            (_waiting, _spare) = (_spare, _waiting);
            if (_leftOut > 0)
            {
                _spare.Append("warn: ").Append(nameof(AccioKestrel)).Append("[0] ").Append(_leftOut).Append(" lines left out, for nobody read them\n");
                _leftOut = 0;
            }

            return _spare;
        }
    }

    private static string Abbreviate(LogLevel level) => level switch
    {
        LogLevel.Trace => "trce",
        LogLevel.Debug => "dbug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warn",
        LogLevel.Error => "fail",
        _ => "crit",
    };

    private sealed class LineLogger(LineLoggerProvider provider, string category) : ILogger
    {
        /// <summary>Nothing to keep: a line names the connection it is about in its message.</summary>
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel is not LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            provider.Add(logLevel, category, eventId, formatter(state, exception), exception);
    }
}
