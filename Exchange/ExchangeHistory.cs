namespace AccioKestrel.Exchange;

/// <summary>
/// The exchanges of this process: the one in progress, the last ones, and the counts of all; and apart from them, what a file of
/// results has of earlier runs. Progress line, status page and metrics read it.
/// </summary>
internal sealed class ExchangeHistory
{
    /// <summary>How many completed exchanges are kept. Bounded, so that memory does not grow with time; a hundred fill the status page.</summary>
    public const int Remembered = 100;

    private readonly TimeProvider _time;
    private readonly long _startedAt;
    private readonly Lock _lock = new();
    private readonly CompletedExchange[] _recent = new CompletedExchange[Remembered];
    private readonly long[] _failed = new long[Enum.GetValues<ExchangeFailure>().Length];
    private ActiveExchange? _current;
    private EarlierExchanges? _earlier;
    private long _ended;
    private long _bytes;
    private long _failedTlsHandshakes;
    private long _undelivered;

    public ExchangeHistory(TimeProvider time)
    {
        _time = time;
        StartedAt = time.GetUtcNow();
        _startedAt = time.GetTimestamp();
    }

    /// <summary>The exchanges of earlier processes, or null. Only the status page shows them: all other counts are those of this process.</summary>
    public EarlierExchanges? Earlier
    {
        private get => _earlier;
        set
        {
            // So that the numbers of a snapshot fit together.
            lock (_lock)
            {
                _earlier = value;
            }
        }
    }

    /// <summary>When the counts began.</summary>
    public DateTimeOffset StartedAt { get; }

    /// <summary>The time since then, by the monotonic clock: setting the system's clock does not change it.</summary>
    public TimeSpan Uptime => _time.GetElapsedTime(_startedAt);

    /// <summary>The exchange in progress, or null.</summary>
    public ActiveExchange? Current => Volatile.Read(ref _current);

    /// <summary>How many clients were not served because their TLS handshake failed.</summary>
    public long FailedTlsHandshakes => Volatile.Read(ref _failedTlsHandshakes);

    /// <summary>How many times a receiver did not take a result.</summary>
    public long UndeliveredResults => Volatile.Read(ref _undelivered);

    /// <summary>The file bytes of all exchanges, the one in progress included.</summary>
    public long ReceivedBytes
    {
        get
        {
            // Under the lock: an exchange that ended between the two reads would be counted twice or not at all.
            lock (_lock)
            {
                return BytesUnderLock();
            }
        }
    }

    /// <param name="knownResults">
    /// The number of ended exchanges whose results the reader has, those of earlier processes included: the last results are copied if there
    /// are more. Null copies none.
    /// </param>
    public HistorySnapshot Snapshot(long? knownResults = null)
    {
        lock (_lock)
        {
            var isNew = knownResults is { } known && known != _ended + (Earlier?.Ended ?? 0);
            return new HistorySnapshot(_current, _ended, [.. _failed], BytesUnderLock(), Earlier, isNew ? RecentUnderLock() : null);
        }
    }

    public void Begin(ActiveExchange exchange)
    {
        lock (_lock)
        {
            _current = exchange;
        }
    }

    /// <summary>No exchange took place: the connection was a load balancer's health check.</summary>
    public void EndHealthCheck()
    {
        lock (_lock)
        {
            _current = null;
        }
    }

    /// <summary>No exchange took place: the client's TLS handshake has failed.</summary>
    public void EndFailedHandshake()
    {
        lock (_lock)
        {
            _current = null;
            _failedTlsHandshakes++;
        }
    }

    public void End(CompletedExchange result)
    {
        lock (_lock)
        {
            _current = null;
            _bytes += result.Bytes;
            _recent[_ended++ % Remembered] = result;
            if (result.Failure is { } failure)
            {
                _failed[(int)failure]++;
            }
        }
    }

    /// <summary>A receiver did not take a result.</summary>
    public void CountUndelivered() => Interlocked.Increment(ref _undelivered);

    private long BytesUnderLock() => _bytes + (_current?.Bytes ?? 0);

    private List<CompletedExchange> RecentUnderLock()
    {
        var recent = new List<CompletedExchange>(Remembered);
        for (var i = 0; i < Math.Min(_ended, Remembered); i++)
        {
            recent.Add(_recent[(_ended - 1 - i) % Remembered]);
        }

        recent.AddRange(Earlier?.Recent.Take(Remembered - recent.Count) ?? []);
        return recent;
    }
}
