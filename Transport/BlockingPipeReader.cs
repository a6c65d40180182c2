using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace AccioKestrel;

/// <summary>Reads from a blocking socket, or discards from it, on the thread that asks.</summary>
internal sealed class BlockingPipeReader(Socket socket, byte[] buffer) : PipeReader, IDiscardingReader
{
    /// <summary>How much is discarded in one call at the most.</summary>
    private const int DiscardLength = 4 * 1024 * 1024;

    /// <summary>
    /// How much must have come before a discarding receive returns, once a transfer is fast: as little as still makes
    /// the wake-ups cheap beside what the kernel does for the bytes themselves.
    /// </summary>
    private const int RaisedLowWaterMark = 1024 * 1024;

    private byte[] _buffer = buffer;
    private int _start;
    private int _examined;
    private int _end;
    private bool _ended;
    private int _canceled;
    private bool _isMarkRaised;
    private long _countedSince;
    private int _countedBytes;
    private volatile ConnectionAbortedException? _abortReason;

    /// <summary>Whether the connection is to end with a reset.</summary>
    public bool IsAborted => _abortReason is not null;

    /// <summary>Lets a read that waits, and each one after it, fail with the reason. Callable from any thread.</summary>
    public void Abort(ConnectionAbortedException reason)
    {
        _abortReason = reason;
        try
        {
            // Only the receiving side: it wakes the read without sending anything, where an end of the sending side
            // would tell the client that all is well just before the reset tells it otherwise.
            socket.Shutdown(SocketShutdown.Receive);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // It is over already: nothing waits.
        }
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        var canceled = false;
        if (_examined == _end && !_ended)
        {
            MakeRoom();
            _end += Receive(_buffer.AsSpan(_end), discard: false, out canceled, cancellationToken);
        }

        return ValueTask.FromResult(Result(canceled));
    }

    public ValueTask<DiscardResult> DiscardAsync()
    {
        bool canceled;
        var count = _end - _start;
        _start = _examined = _end = 0;
        if (count > 0 || _ended)
        {
            // Came along with what was read before.
            canceled = IsCanceled();
        }
        else
        {
            count = Receive(DiscardBuffer.Bytes, discard: true, out canceled);
            AdjustLowWaterMark(count);
        }

        return ValueTask.FromResult(new DiscardResult(count, canceled, _ended));
    }

    public override bool TryRead(out ReadResult result)
    {
        var canceled = IsCanceled();
        result = Result(canceled);
        return canceled || _ended || _examined < _end;
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        // A sequence over one array has the array's own indices for positions.
        _start = consumed.GetInteger();
        _examined = examined.GetInteger();
    }

    public override void CancelPendingRead() => Volatile.Write(ref _canceled, 1);

    /// <summary>The end of the connection is for the connection to decide.</summary>
    public override void Complete(Exception? exception = null)
    {
    }

    private ReadResult Result(bool canceled) =>
        new(new ReadOnlySequence<byte>(_buffer, _start, _end - _start), canceled, _ended);

    private void MakeRoom()
    {
        if (_start == _end)
        {
            _start = _examined = _end = 0;
        }
        else if (_end == _buffer.Length)
        {
            // What is here was examined and left: its reader needs more than the buffer holds.
            Array.Resize(ref _buffer, _buffer.Length * 2);
        }
    }

    /// <summary>
    /// Raises the low-water mark when its fill has come within a tick, and lowers it when a receive was not worth it: a
    /// trickle below the mark would be seen only tick by tick.
    /// </summary>
    private void AdjustLowWaterMark(int count)
    {
        if (_isMarkRaised)
        {
            if (count < RaisedLowWaterMark && !_ended)
            {
                SetLowWaterMark(1);
            }

            return;
        }

        _countedBytes += count;
        if (_countedBytes >= RaisedLowWaterMark)
        {
            var now = Environment.TickCount64;
            if (now - _countedSince <= BlockingConnection.Tick.TotalMilliseconds)
            {
                SetLowWaterMark(RaisedLowWaterMark);
            }

            _countedSince = now;
            _countedBytes = 0;
        }
    }

    private void SetLowWaterMark(int bytes)
    {
        if (OperatingSystem.IsLinux())
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReceiveLowWater, bytes);
            _isMarkRaised = bytes == RaisedLowWaterMark;
        }
    }

    /// <summary>Blocks until bytes have come, the client has ended, or the read was canceled.</summary>
    private int Receive(Span<byte> buffer, bool discard, out bool canceled, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            // Looked at before the receive, so that what had come before the cancellation is reported with it: a timer that
            // is due because the process was held up must not hide the bytes that came meanwhile.
            canceled = IsCanceled();
            var count = socket.ReceiveWithinTick(buffer, discard, wait: !canceled);
            if (_abortReason is { } reason)
            {
                throw new ConnectionAbortedException(reason.Message, reason);
            }

            _ended = count == 0;
            if (count >= 0 || canceled)
            {
                return Math.Max(count, 0);
            }

            // How a stream on top of this, such as that of TLS, is canceled. Nothing has been taken, so it may read again.
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private bool IsCanceled() => Volatile.Read(ref _canceled) == 1 && Interlocked.Exchange(ref _canceled, 0) == 1;

    /// <summary>One for the process, made by the first transfer that needs it: nobody reads what is in there.</summary>
    private static class DiscardBuffer
    {
        public static readonly byte[] Bytes = GC.AllocateUninitializedArray<byte>(DiscardLength);
    }
}
