using System.Net;

namespace AccioKestrel.Exchange;

/// <summary>
/// The state of the exchange in progress. Only the handler writes it, one step after the other. The timer of the idle time-out, the terminal,
/// the status page and the metrics read it on other threads.
/// </summary>
internal sealed class ActiveExchange
{
    private readonly TimeProvider _time;
    private readonly long _startedAt;
    private long _lastByteAt;
    private long _fileAwaitedAt;
    private long _bytes;
    private long _endedAt;
    private volatile bool _hasEnded;
    private volatile ExchangeStep _step = ExchangeStep.FirstCommand;

    public ActiveExchange(string connectionId, EndPoint? peer, TimeProvider time)
    {
        ConnectionId = connectionId;
        Peer = peer;
        _time = time;
        // The first silence counts from the beginning of the turn: a client that waits for its turn has nothing to send.
        _startedAt = _lastByteAt = time.GetTimestamp();
    }

    public string ConnectionId { get; }

    public EndPoint? Peer { get; }

    public ExchangeStep Step
    {
        get => _step;
        set
        {
            Confirmed = 0;
            HasBothCommands |= _step is ExchangeStep.SecondCommand;
            if (value is ExchangeStep.File && _step is not ExchangeStep.File)
            {
                Volatile.Write(ref _fileAwaitedAt, _time.GetTimestamp());
            }

            _step = value;
        }
    }

    /// <summary>Whether the file is being received. A stop gives it a grace period.</summary>
    public bool IsInTransfer => _step is ExchangeStep.File && !_hasEnded;

    /// <summary>Whether no byte of the exchange has come yet.</summary>
    public bool IsUntouched { get; private set; } = true;

    /// <summary>Whether the second command has been sent. A lenient server sends it before the first confirmation to a client that waits for both.</summary>
    public bool HasBothCommands { get; private set; }

    /// <summary>Whether the server waits for nothing more from the client: the result is being written.</summary>
    public bool HasEnded => _hasEnded;

    /// <summary>How many bytes of the step's confirmation have come.</summary>
    public int Confirmed { get; set; }

    /// <summary>The first wrong byte of a confirmation, or null.</summary>
    public WrongByte? WrongByte { get; set; }

    /// <summary>The file bytes received so far.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>The time since the client's turn began: since step 1, or with TLS since the beginning of the TLS handshake.</summary>
    public TimeSpan Elapsed => Since(_startedAt);

    /// <summary>The time since the server began to wait for the file. Meaningful only in that step.</summary>
    public TimeSpan FileElapsed => _time.GetElapsedTime(Volatile.Read(ref _fileAwaitedAt));

    /// <summary>
    /// The time since the last byte of the exchange came from the client; before the first byte, since its turn began. Bytes of TLS
    /// itself do not count: a client could otherwise keep its turn with key updates alone.
    /// </summary>
    public TimeSpan Silence => Since(Volatile.Read(ref _lastByteAt));

    /// <summary>Ends the exchange: the server waits for nothing more from the client.</summary>
    /// <param name="failure">What went wrong, or null when the whole file came.</param>
    /// <returns>The result.</returns>
    public CompletedExchange End(ExchangeFailure? failure)
    {
        Volatile.Write(ref _endedAt, _time.GetTimestamp());
        _hasEnded = true;
        return new CompletedExchange
        {
            ConnectionId = ConnectionId,
            Peer = Peer,
            Bytes = Bytes,
            Failure = failure,
            Reason = failure is { } why ? ExchangeWords.Reason(this, why) : null,
            Step = Step,
            EndedAt = _time.GetUtcNow(),
            Duration = Elapsed,
        };
    }

    /// <summary>A byte came from the client: the silence starts again at zero.</summary>
    public void Heard()
    {
        IsUntouched = false;
        Volatile.Write(ref _lastByteAt, _time.GetTimestamp());
    }

    /// <summary>File bytes came from the client.</summary>
    public void Count(long fileBytes)
    {
        Volatile.Write(ref _bytes, _bytes + fileBytes);
        Heard();
    }

    /// <summary>The time since then. It stops with the exchange: while the result is written, nothing is awaited from the client.</summary>
    private TimeSpan Since(long timestamp) => _hasEnded ? _time.GetElapsedTime(timestamp, Volatile.Read(ref _endedAt)) : _time.GetElapsedTime(timestamp);
}
