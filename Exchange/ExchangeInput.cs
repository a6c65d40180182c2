using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;

namespace AccioKestrel;

/// <summary>
/// What the client sends in one exchange. Every wait of an exchange is in here, so that what can end a wait is decided
/// in one place: bytes, the end of the client's sending side, a reset, too long a silence, and the server's stop.
/// </summary>
/// <remarks>
/// The timer and the stop only wake the read; whether the exchange is over is decided afterwards, from the record. So a
/// byte that came while the process was held up is never mistaken for silence.
/// </remarks>
internal sealed class ExchangeInput : IDisposable
{
    /// <summary>
    /// How much longer than the idle time-out a silence may last. The protocol forbids to be early and leaves half a
    /// second to be late; this is the middle, less what a blocked receive takes to notice.
    /// </summary>
    private static readonly TimeSpan IdleMargin = TimeSpan.FromMilliseconds(150);

    private readonly PipeReader _reader;
    private readonly IDiscardingReader? _discarder;
    private readonly ExchangeRecord _record;
    private readonly ShutdownGrace _shutdown;
    private readonly TimeSpan _idleLimit;
    private readonly ExchangeLimits _limits;
    private readonly ITimer _timer;
    private readonly CancellationTokenRegistration _stopping;
    private readonly CancellationTokenRegistration _graceOver;

    public ExchangeInput(
        PipeReader reader, ExchangeRecord record, AccioOptions options, ExchangeLimits limits, ShutdownGrace shutdown, TimeProvider time)
    {
        _reader = reader;
        _discarder = reader as IDiscardingReader;
        _record = record;
        _shutdown = shutdown;
        _idleLimit = TimeSpan.FromSeconds(options.IdleTimeout) + IdleMargin;
        _limits = limits;
        _timer = time.CreateTimer(
            static input => ((ExchangeInput)input!).OnTimer(), this, WakeWithin(_idleLimit), Timeout.InfiniteTimeSpan);
        _stopping = shutdown.Stopping.UnsafeRegister(static reader => ((PipeReader)reader!).CancelPendingRead(), reader);
        _graceOver = shutdown.Over.UnsafeRegister(static reader => ((PipeReader)reader!).CancelPendingRead(), reader);
    }

    /// <summary>The bytes that <see cref="ReceiveAsync"/> found and <see cref="Consume"/> has not taken.</summary>
    public ReadOnlySequence<byte> Buffer { get; private set; }

    /// <summary>Whether the client has ended its sending side: nothing follows what is in <see cref="Buffer"/>.</summary>
    public bool Ended { get; private set; }

    /// <summary>Waits until <see cref="Buffer"/> holds bytes, or the client has ended.</summary>
    /// <param name="atLeast">How many bytes to wait for.</param>
    /// <param name="patience">If set, gives up after so long a silence, with an empty buffer and no failure.</param>
    /// <returns>What ends the exchange, or null.</returns>
    public async ValueTask<ExchangeFailure?> ReceiveAsync(int atLeast = 1, TimeSpan? patience = null)
    {
        if (patience is { } wakeAfter)
        {
            _timer.Change(wakeAfter, Timeout.InfiniteTimeSpan);
        }

        var known = 0L;
        while (true)
        {
            ReadResult result;
            try
            {
                result = await _reader.ReadAsync();
            }
            catch (Exception exception) when (FailureOf(exception) is not null)
            {
                return FailureOf(exception);
            }

            Buffer = result.Buffer;
            Ended = result.IsCompleted;
            if (Buffer.Length > known)
            {
                known = Buffer.Length;
                _record.Heard();
            }

            if (result.IsCanceled && Interruption() is { } failure)
            {
                _reader.AdvanceTo(Buffer.Start);
                return failure;
            }

            if (known >= atLeast || Ended)
            {
                return null;
            }

            _reader.AdvanceTo(Buffer.Start, Buffer.End);
            if (known == 0 && _record.Silence >= patience)
            {
                return null;
            }
        }
    }

    /// <summary>Takes bytes off <see cref="Buffer"/>; must follow each <see cref="ReceiveAsync"/> that found some.</summary>
    public void Consume(long count)
    {
        _reader.AdvanceTo(Buffer.GetPosition(count));
        Buffer = default;
    }

    /// <summary>Waits for bytes of the file, counts them in the record and forgets them.</summary>
    /// <returns>What ends the exchange, or null.</returns>
    public async ValueTask<ExchangeFailure?> DiscardAsync()
    {
        DiscardResult result;
        try
        {
            result = _discarder is not null ? await _discarder.DiscardAsync() : await ReadAndForgetAsync();
        }
        catch (Exception exception) when (FailureOf(exception) is not null)
        {
            return FailureOf(exception);
        }

        Ended = result.IsCompleted;
        if (result.Count > 0)
        {
            _record.Count(result.Count);
            if (_limits.IsTooLarge(_record))
            {
                return ExchangeFailure.TooLarge;
            }
        }

        return result.IsCanceled && !Ended ? Interruption() : null;
    }

    public void Dispose()
    {
        _timer.Dispose();
        _stopping.Dispose();
        _graceOver.Dispose();
    }

    /// <summary>The portable way to discard, for a transport that cannot or that something stands in front of.</summary>
    private async ValueTask<DiscardResult> ReadAndForgetAsync()
    {
        var result = await _reader.ReadAsync();
        // Measured before it is given back: afterwards its memory may hold something else.
        var count = result.Buffer.Length;
        _reader.AdvanceTo(result.Buffer.End);
        return new DiscardResult(count, result.IsCanceled, result.IsCompleted);
    }

    private void OnTimer()
    {
        _reader.CancelPendingRead();
        var remaining = _idleLimit - _record.Silence;
        // Set again even when the time is over: a byte may have come in this very moment.
        _timer.Change(WakeWithin(remaining > TimeSpan.Zero ? remaining : _idleLimit), Timeout.InfiniteTimeSpan);
    }

    /// <summary>When to look at the record next: at the end of the allowed silence, or earlier if there are other limits.</summary>
    private TimeSpan WakeWithin(TimeSpan silence) => _limits.IsTimed && silence > ExchangeLimits.Tick ? ExchangeLimits.Tick : silence;

    /// <summary>What has ended the exchange while it was waiting, or null if it may wait on.</summary>
    private ExchangeFailure? Interruption()
    {
        var stop = _record.Step is ExchangeStep.File ? _shutdown.Over : _shutdown.Stopping;
        if (stop.IsCancellationRequested)
        {
            return ExchangeFailure.ServerStopped;
        }

        return _record.Silence >= _idleLimit ? ExchangeFailure.IdleTimeout : _limits.Exceeded(_record);
    }

    /// <summary>What an exception of the transport means for the exchange; null for one that is a defect.</summary>
    private static ExchangeFailure? FailureOf(Exception exception) => exception switch
    {
        ConnectionAbortedException => ExchangeFailure.ServerStopped,
        IOException => ExchangeFailure.Reset,
        _ => null,
    };
}
