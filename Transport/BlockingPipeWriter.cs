using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;

namespace AccioKestrel;

/// <summary>Writes to a blocking socket: what is flushed is handed to the kernel in one call before the flush returns.</summary>
internal sealed class BlockingPipeWriter(Socket socket) : PipeWriter
{
    private ArrayBufferWriter<byte>? _unflushed;

    public override Memory<byte> GetMemory(int sizeHint = 0) => Unflushed.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => Unflushed.GetSpan(sizeHint);

    public override void Advance(int bytes) => Unflushed.Advance(bytes);

    /// <summary>Nothing to cancel: a flush is over when it returns.</summary>
    public override void CancelPendingFlush()
    {
    }

    /// <summary>The end of the connection is for the connection to decide.</summary>
    public override void Complete(Exception? exception = null)
    {
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        if (_unflushed is not { WrittenCount: > 0 })
        {
            return ValueTask.FromResult(default(FlushResult));
        }

        var result = Send(_unflushed.WrittenSpan);
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

        return ValueTask.FromResult(Send(source.Span));
    }

    private ArrayBufferWriter<byte> Unflushed => _unflushed ??= new ArrayBufferWriter<byte>();

    // A client that had ended its sending side in good order before it closed altogether reads no more, but all that it
    // has sent is here or in the receive queue, and its end will be seen behind it.
    private FlushResult Send(ReadOnlySpan<byte> bytes) => new(isCanceled: false, isCompleted: !socket.TrySendAll(bytes));
}
