using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using AccioKestrel.Exchange;
using Microsoft.AspNetCore.Connections;

namespace AccioKestrel.Transport;

/// <summary>Reads from a blocking socket, or discards from it, on the calling thread.</summary>
internal sealed class BlockingPipeReader(Socket socket, byte[] buffer, Heartbeat heartbeat) : PipeReader, IDiscardingReader
{
    /// <summary>The most bytes that one call discards.</summary>
    private const int DiscardLength = 4 * 1024 * 1024;

    /// <summary>
    /// How many bytes must have come before a discarding receive returns, once a transfer is fast. A larger mark saves nothing more:
    /// at this size the wake-ups are cheap beside the kernel's own work for the bytes.
    /// </summary>
    private const int RaisedLowWaterMark = 1024 * 1024;

    /// <summary>
    /// The most bytes that reads still take, without waiting, after their token was canceled. More than the largest TLS record, so that
    /// a complete record is not left unread. Bounded, because a client can send without end.
    /// </summary>
    private const int LateLength = 32 * 1024;

    private byte[] _buffer = buffer;
    private int _start;
    private int _examined;
    private int _end;
    private bool _ended;
    private int _canceled;
    private int _takenLate;
    private bool _isMarkRaised;
    private long _countedSince;
    private int _countedBytes;
    private volatile ConnectionAbortedException? _abortReason;

    /// <summary>Whether the connection is to end with a reset.</summary>
    public bool IsAborted => _abortReason is not null;

    public void ThrowIfAborted()
    {
        if (_abortReason is { } reason)
        {
            throw new ConnectionAbortedException(reason.Message, reason);
        }
    }

    /// <summary>Makes a blocked read, and every later one, fail with the reason. Callable from any thread.</summary>
    public void Abort(ConnectionAbortedException reason)
    {
        _abortReason = reason;
        try
        {
            // Only the receiving side: that wakes the read and sends nothing. Ending the sending side would send a FIN, which looks like
            // success to the client, just before the reset.
            socket.Shutdown(SocketShutdown.Receive);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The connection has ended already, so no read is blocked.
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
            // These bytes came together with the ones read before, or the client has ended.
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

    /// <summary>Does nothing: the connection closes the socket when it is disposed.</summary>
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
            // The reader has examined all bytes up to the end of the buffer, and waits for more.
            Array.Resize(ref _buffer, _buffer.Length * 2);
        }
    }

    /// <summary>
    /// Raises the low-water mark when as many bytes have come within one poll interval, and lowers it when a receive returns fewer: the
    /// time-out has then ended it, and each slow byte would wait for the next one.
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
            if (now - _countedSince <= BlockingConnection.PollInterval.TotalMilliseconds)
            {
                SetLowWaterMark(RaisedLowWaterMark);
            }

            _countedSince = now;
            _countedBytes = 0;
        }
    }

    private void SetLowWaterMark(int bytes)
    {
        _isMarkRaised = socket.TrySetLowWaterMark(bytes) && bytes == RaisedLowWaterMark;
    }

    /// <summary>Blocks until bytes have come, the client has ended, or the read was canceled.</summary>
    /// <param name="buffer">Where the bytes go.</param>
    /// <param name="discard">Whether only the number of bytes is needed.</param>
    /// <param name="canceled">Whether <see cref="CancelPendingRead"/> ended the wait.</param>
    /// <param name="cancellationToken">
    /// Cancels the reads of a stream on top of this reader, such as an <c>SslStream</c>. Loses no bytes, so the stream can read again.
    /// Checked before each receive, because an <c>SslStream</c> reads in a loop until it has a whole record.
    /// </param>
    private int Receive(Span<byte> buffer, bool discard, out bool canceled, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            heartbeat.Beat();
            // Checked before the receive, so that bytes which came before the cancellation are reported with it. A timer that is late
            // because the process was suspended must not hide the bytes that came meanwhile.
            canceled = IsCanceled();
            var late = cancellationToken.IsCancellationRequested;
            if (late && _takenLate >= LateLength)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }

            var count = socket.ReceiveWithinPollInterval(buffer, discard, wait: !canceled && !late);
            ThrowIfAborted();
            _ended = count == 0;
            if (count >= 0 || canceled)
            {
                count = Math.Max(count, 0);
                _takenLate = late ? _takenLate + count : 0;
                return count;
            }

            if (late)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
    }

    private bool IsCanceled() => Volatile.Read(ref _canceled) == 1 && Interlocked.Exchange(ref _canceled, 0) == 1;

    /// <summary>One buffer for the process, created by the first transfer that needs it. Its content is never read.</summary>
    private static class DiscardBuffer
    {
        public static readonly byte[] Bytes = GC.AllocateUninitializedArray<byte>(DiscardLength);
    }
}
