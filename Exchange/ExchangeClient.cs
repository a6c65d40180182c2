using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;

namespace AccioKestrel.Exchange;

/// <summary>
/// Receives from the client and sends to it. Every wait of an exchange is in this class, so one place decides what ends a wait:
/// bytes, the end of the client's sending side, a reset, too long a silence, or the server's stop, which first requests the close
/// of the connection and later aborts it.
/// </summary>
internal sealed class ExchangeClient(
    IDuplexPipe transport, ActiveExchange exchange, ExchangeLimits limits, TimeProvider time, CancellationToken closeRequested)
    : ExchangeWait(exchange, limits, time, closeRequested)
{
    private readonly PipeReader _reader = transport.Input;
    private readonly PipeWriter _writer = transport.Output;
    private readonly IDiscardingReader? _discarder = transport.Input as IDiscardingReader;
    private readonly TimeProvider _time = time;
    private volatile bool _isSending;

    /// <summary>The bytes that were received and are not taken yet.</summary>
    private ReadOnlySequence<byte> _received;

    /// <summary>Whether the client has ended its sending side.</summary>
    public bool HasEndedSending { get; private set; }

    /// <summary>
    /// Sends a command in one write, because many clients compare the result of a single receive with the whole command. A client that has
    /// sent everything and closed no longer reads. That is no failure: the receiving side alone decides whether the exchange is complete.
    /// </summary>
    /// <returns>What ends the exchange, or null.</returns>
    public async ValueTask<ExchangeFailure?> SendAsync(ExchangeStep step, ReadOnlyMemory<byte> command)
    {
        Exchange.Step = step;
        _isSending = true;
        try
        {
            var result = await _writer.WriteAsync(command);
            return result.IsCanceled ? Interruption() : null;
        }
        catch (Exception exception) when (FailureOf(exception) is not null)
        {
            return FailureOf(exception);
        }
        finally
        {
            _isSending = false;
        }
    }

    /// <summary>Takes exactly these bytes, however TCP splits them. The first wrong byte ends the exchange.</summary>
    /// <returns>What ends the exchange, or null.</returns>
    public async ValueTask<ExchangeFailure?> ExpectAsync(ExchangeStep step, ReadOnlyMemory<byte> confirmation)
    {
        Exchange.Step = step;
        for (var expected = confirmation; !expected.IsEmpty;)
        {
            if (await ReceiveAsync() is { } failure)
            {
                return failure;
            }

            if (_received.IsEmpty)
            {
                return ExchangeFailure.EndedEarly;
            }

            var count = (int)Math.Min(expected.Length, _received.Length);
            if (!StartsWith(expected.Span[..count]))
            {
                Exchange.WrongByte = WrongByte.Find(step, Exchange.Confirmed, _received, expected.Span);
                return ExchangeFailure.WrongByte;
            }

            Take(count);
            Exchange.Confirmed += count;
            expected = expected[count..];
        }

        return null;
    }

    /// <summary>Waits until the client sends bytes or ends its sending side. Takes nothing.</summary>
    /// <param name="step">The step in which it waits.</param>
    /// <param name="timeout">After so long a silence the wait ends, without a failure.</param>
    /// <returns>What ends the exchange, or null; and whether the client was silent.</returns>
    public async ValueTask<(ExchangeFailure? Failure, bool WasSilent)> WaitForBytesAsync(ExchangeStep step, TimeSpan timeout)
    {
        Exchange.Step = step;
        var failure = await ReceiveAsync(timeout: timeout);
        var wasSilent = _received.IsEmpty && !HasEndedSending;
        if (failure is null && !wasSilent)
        {
            Take(0);
        }

        return (failure, wasSilent);
    }

    /// <summary>Takes these bytes if the file begins after them. The client may have sent all of its confirmation already.</summary>
    /// <returns>What ends the exchange, or null.</returns>
    public async ValueTask<ExchangeFailure?> SkipAsync(ReadOnlyMemory<byte> optional)
    {
        Exchange.Step = ExchangeStep.File;
        if (await ReceiveAsync(atLeast: optional.Length) is { } failure)
        {
            return failure;
        }

        Take(StartsWith(optional.Span) ? optional.Length : 0);
        return null;
    }

    /// <summary>Counts all bytes until the client ends its sending side.</summary>
    /// <returns>What ends the exchange before that, or null.</returns>
    public async ValueTask<ExchangeFailure?> CountFileAsync()
    {
        Exchange.Step = ExchangeStep.File;
        do
        {
            if (await DiscardAsync() is { } failure)
            {
                return failure;
            }
        }
        while (!HasEndedSending);

        return null;
    }

    /// <summary>Waits until the client has sent bytes or ended its sending side.</summary>
    /// <param name="atLeast">How many bytes to wait for.</param>
    /// <param name="timeout">If set, the wait ends after so long a silence, with no bytes and no failure.</param>
    /// <returns>What ends the exchange, or null.</returns>
    public async ValueTask<ExchangeFailure?> ReceiveAsync(int atLeast = 1, TimeSpan? timeout = null)
    {
        if (timeout is { } wakeAfter)
        {
            CheckWithin(wakeAfter);
        }

        var begun = _time.GetTimestamp();
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

            _received = result.Buffer;
            HasEndedSending = result.IsCompleted;
            if (_received.Length > known)
            {
                known = _received.Length;
                Exchange.Heard();
            }

            // A client that has ended its sending side is complete, not silent, even if the process noticed it late.
            if (result.IsCanceled && !HasEndedSending && Interruption() is { } failure)
            {
                _reader.AdvanceTo(_received.Start);
                return failure;
            }

            if (known >= atLeast || HasEndedSending)
            {
                return null;
            }

            _reader.AdvanceTo(_received.Start, _received.End);
            if (known == 0 && timeout - _time.GetElapsedTime(begun) is { } left)
            {
                if (left <= TimeSpan.Zero)
                {
                    return null;
                }

                // A timer can be early by a fraction of a millisecond. Without another check the wait would last until the idle time-out.
                CheckWithin(left);
            }
        }
    }

    /// <summary>Waits for bytes of the file, and counts them.</summary>
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

        HasEndedSending = result.IsCompleted;
        if (result.Count > 0)
        {
            Exchange.Count(result.Count);
            if (Limits.IsTooLarge(Exchange))
            {
                return ExchangeFailure.TooLarge;
            }
        }

        return result.IsCanceled && !HasEndedSending ? Interruption() : null;
    }

    protected override void Wake()
    {
        _reader.CancelPendingRead();
        // A write cannot be resumed, because a canceled flush does not tell how much it has sent. So a write is canceled only to end the exchange.
        if (_isSending && Interruption() is not null)
        {
            _writer.CancelPendingFlush();
        }
    }

    /// <summary>Takes so many of the received bytes. Every <see cref="ReceiveAsync"/> that found bytes or the end needs this call before the next read.</summary>
    private void Take(long count)
    {
        _reader.AdvanceTo(_received.GetPosition(count));
        _received = default;
    }

    private bool StartsWith(ReadOnlySpan<byte> expected) => new SequenceReader<byte>(_received).IsNext(expected);

    /// <summary>Discards by reading: for the stock transport, and for connections with middleware in front, such as TLS.</summary>
    private async ValueTask<DiscardResult> ReadAndForgetAsync()
    {
        var result = await _reader.ReadAsync();
        // Before AdvanceTo: afterwards the buffer belongs to the pipe again.
        var count = result.Buffer.Length;
        _reader.AdvanceTo(result.Buffer.End);
        return new DiscardResult(count, result.IsCanceled, result.IsCompleted);
    }

    /// <summary>What an exception of the transport means for the exchange; null for one that is a defect.</summary>
    private static ExchangeFailure? FailureOf(Exception exception) => exception switch
    {
        // SslStream wraps the exceptions of its inner stream.
        ConnectionAbortedException or IOException { InnerException: ConnectionAbortedException } => ExchangeFailure.ServerStopped,
        IOException => ExchangeFailure.Reset,
        _ => null,
    };
}
