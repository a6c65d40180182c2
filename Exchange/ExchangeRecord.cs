using System.Net;

namespace AccioKestrel;

/// <summary>
/// What is known of an exchange in progress. Written by its handler alone; the idle time-out reads it from another
/// thread, and so may anything else that wants to show it.
/// </summary>
internal sealed class ExchangeRecord
{
    private readonly TimeProvider _time;
    private readonly long _startedAt;
    private long _lastByteAt;
    private long _fileAwaitedAt;
    private long _bytes;
    private volatile ExchangeStep _step = ExchangeStep.FirstCommand;

    public ExchangeRecord(string connectionId, EndPoint? peer, TimeProvider time)
    {
        ConnectionId = connectionId;
        Peer = peer;
        _time = time;
        // The first silence counts from step 1: how long the client has waited for its turn is not its fault.
        _startedAt = _lastByteAt = time.GetTimestamp();
    }

    public string ConnectionId { get; }

    public EndPoint? Peer { get; }

    public ExchangeStep Step
    {
        get => _step;
        set
        {
            if (value is ExchangeStep.File)
            {
                Volatile.Write(ref _fileAwaitedAt, _time.GetTimestamp());
            }

            _step = value;
        }
    }

    /// <summary>The file bytes received so far.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>The time since step 1.</summary>
    public TimeSpan Elapsed => _time.GetElapsedTime(_startedAt);

    /// <summary>The time since the file has been awaited; only in its step.</summary>
    public TimeSpan FileElapsed => _time.GetElapsedTime(Volatile.Read(ref _fileAwaitedAt));

    /// <summary>The time since the last byte came from the client, or since step 1 before there is any.</summary>
    public TimeSpan Silence => _time.GetElapsedTime(Volatile.Read(ref _lastByteAt));

    /// <summary>Something came from the client: the silence is over.</summary>
    public void Heard() => Volatile.Write(ref _lastByteAt, _time.GetTimestamp());

    /// <summary>File bytes came from the client.</summary>
    public void Count(long fileBytes)
    {
        Volatile.Write(ref _bytes, _bytes + fileBytes);
        Heard();
    }
}
