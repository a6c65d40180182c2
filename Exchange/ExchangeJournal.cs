using System.Diagnostics.Metrics;

namespace AccioKestrel;

/// <summary>
/// What there is to know of the exchanges of this process: the one in progress, the last ones, and the counts of all.
/// Written by the handler; progress line, status page and metrics only read it.
/// </summary>
public sealed class ExchangeJournal
{
    /// <summary>How many results are remembered: a page of them, so that memory does not grow with time.</summary>
    internal const int Remembered = 100;

    private readonly TimeProvider _time;
    private readonly ExchangeMetrics _metrics;
    private readonly Lock _lock = new();
    private readonly ExchangeResult[] _recent = new ExchangeResult[Remembered];
    private readonly long[] _failed = new long[Enum.GetValues<ExchangeFailure>().Length];
    private ExchangeRecord? _current;
    private long _ended;
    private long _bytes;

    /// <summary>Made by the service container; see <c>AddAccio</c>.</summary>
    public ExchangeJournal(TimeProvider time, IMeterFactory meters)
    {
        ArgumentNullException.ThrowIfNull(time);
        _time = time;
        StartedAt = time.GetUtcNow();
        _metrics = new ExchangeMetrics(meters, this);
    }

    /// <summary>An exchange has ended. Called on the handler's thread: the next client waits for whoever listens.</summary>
    internal Action<ExchangeResult>? Ended { get; set; }

    /// <summary>When the counts began.</summary>
    internal DateTimeOffset StartedAt { get; }

    internal TimeSpan Uptime => _time.GetUtcNow() - StartedAt;

    /// <summary>The exchange in progress, or null.</summary>
    internal ExchangeRecord? Current => Volatile.Read(ref _current);

    /// <summary>How many exchanges have ended, in whatever way.</summary>
    internal long EndedCount => Volatile.Read(ref _ended);

    /// <summary>The file bytes received in all, with those of the exchange in progress.</summary>
    internal long ReceivedBytes
    {
        get
        {
            // Both at once: an exchange that ends in between would be counted twice or not at all.
            lock (_lock)
            {
                return _bytes + (_current?.Bytes ?? 0);
            }
        }
    }

    /// <summary>How many exchanges have ended in this way; null is a counted file.</summary>
    internal long Count(ExchangeFailure? failure)
    {
        lock (_lock)
        {
            return failure is { } reason ? _failed[(int)reason] : _ended - _failed.Sum();
        }
    }

    /// <summary>The last results, newest first.</summary>
    internal ExchangeResult[] Recent()
    {
        lock (_lock)
        {
            var recent = new ExchangeResult[Math.Min(_ended, Remembered)];
            for (var i = 0; i < recent.Length; i++)
            {
                recent[i] = _recent[(_ended - 1 - i) % Remembered];
            }

            return recent;
        }
    }

    internal void Begin(ExchangeRecord record)
    {
        lock (_lock)
        {
            _current = record;
        }
    }

    internal ExchangeResult End(ExchangeRecord record, ExchangeOutcome outcome)
    {
        var result = new ExchangeResult(record.ConnectionId, record.Peer, outcome, record.Step, _time.GetUtcNow(), record.Elapsed);
        lock (_lock)
        {
            _current = null;
            _bytes += outcome.Bytes;
            _recent[_ended++ % Remembered] = result;
            if (outcome.Failure is { } failure)
            {
                _failed[(int)failure]++;
            }
        }

        _metrics.Ended(result);
        Ended?.Invoke(result);
        return result;
    }
}
