using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;

namespace AccioKestrel.Transport;

/// <summary>Writes to a blocking socket. A flush passes all bytes to the kernel before it returns, in one call if there is room.</summary>
/// <remarks>
/// If the client does not read, the send buffer is full and a flush waits for room. A flush that is canceled while it waits may have
/// sent part of its bytes and drops the rest, so the connection must end after it.
/// </remarks>
internal sealed class BlockingPipeWriter(Socket socket, BlockingPipeReader input, Heartbeat heartbeat) : PipeWriter
{
    private ArrayBufferWriter<byte>? _unflushed;
    private int _canceled;

    public override Memory<byte> GetMemory(int sizeHint = 0) => Unflushed.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => Unflushed.GetSpan(sizeHint);

    public override void Advance(int bytes) => Unflushed.Advance(bytes);

    public override void CancelPendingFlush() => Volatile.Write(ref _canceled, 1);

    /// <summary>Does nothing: the connection closes the socket when it is disposed.</summary>
    public override void Complete(Exception? exception = null)
    {
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        if (_unflushed is not { WrittenCount: > 0 })
        {
            return ValueTask.FromResult(default(FlushResult));
        }

        var result = Send(_unflushed.WrittenSpan, cancellationToken);
        _unflushed.ResetWrittenCount();
        return ValueTask.FromResult(result);
    }

    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        if (_unflushed is { WrittenCount: > 0 })
        {
            _unflushed.Write(source.Span);
            return FlushAsync(cancellationToken);
        }

        return ValueTask.FromResult(Send(source.Span, cancellationToken));
    }

    private ArrayBufferWriter<byte> Unflushed => _unflushed ??= new ArrayBufferWriter<byte>();

    private FlushResult Send(ReadOnlySpan<byte> bytes, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty)
        {
            heartbeat.Beat();
            input.ThrowIfAborted();
            var count = socket.SendWithinPollInterval(bytes);
            if (count < 0)
            {
                // The client sent a FIN and then closed the connection. It reads no more, but everything it sent is in the receive queue or
                // read already, followed by its end.
                return new(isCanceled: false, isCompleted: true);
            }

            bytes = bytes[count..];
            if (!bytes.IsEmpty)
            {
                if (Interlocked.Exchange(ref _canceled, 0) == 1)
                {
                    return new(isCanceled: true, isCompleted: false);
                }

                cancellationToken.ThrowIfCancellationRequested();
            }
        }

        return default;
    }
}
