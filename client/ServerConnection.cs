using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;
using AccioKestrel.Exchange;
using AccioKestrel.Interop;
using Microsoft.Win32.SafeHandles;

namespace AccioKestrel.Client;

/// <summary>The connection to the server. Every wait has a limit.</summary>
internal sealed class ServerConnection : IDisposable
{
    /// <summary>
    /// The end of a pipe is delayed by so many pauses of this length, so that a signal can arrive first. It takes that much of the server's turn.
    /// </summary>
    private const int SignalPauses = 20;
    private static readonly TimeSpan s_signalPause = TimeSpan.FromMilliseconds(5);

    /// <summary>How often a wait checks whether its limit has expired, and how many bytes the server's side has acknowledged.</summary>
    private static readonly TimeSpan s_pollInterval = TimeSpan.FromMilliseconds(100);

    private const long NoFileYet = long.MaxValue;
    private const int KernelPiece = 1024 * 1024;
    private const int CopiedPiece = 64 * 1024;

    /// <summary>
    /// The size of the kernel's send buffer on systems that do not report acknowledged bytes. What is in the buffer then counts as delivered, so
    /// a slow server must be able to take it all within the limit. Less than two of the largest segments would wait for each acknowledgement.
    /// </summary>
    private const int UnreportedBuffer = 64 * 1024;

    private readonly Socket _socket;
    private readonly TimeSpan _limit;
    private readonly bool _reportsAcknowledged;

    /// <summary>Whether the first command has come.</summary>
    private bool _hasTurn;

    /// <summary>Whether the client has ended its sending side.</summary>
    private bool _hasEnded;

    private long _sent;
    private long _delivered;
    private long _fileStart = NoFileYet;
    private long _lastProgress;

    /// <param name="socket">A connected socket; it is disposed with this connection.</param>
    /// <param name="limit">How long sending may make no progress, and how long the server may take to close.</param>
    public ServerConnection(Socket socket, TimeSpan limit)
    {
        _socket = socket;
        _limit = limit;
        _socket.NoDelay = true;
        // Non-blocking: sendfile has no time-out of its own, so this class polls and checks the limits.
        _socket.Blocking = false;
        // Close with a reset, also when the process is killed. A FIN would look like the end of the file, and the server would count a part
        // of it. After a complete exchange both sides have sent their FIN, so the reset has no effect.
        _socket.LingerState = new LingerOption(enable: true, seconds: 0);
        _reportsAcknowledged = PlatformSocket.Acknowledged(socket, _sent) is not null;
        if (!_reportsAcknowledged)
        {
            _socket.SendBufferSize = UnreportedBuffer;
        }
    }

    /// <summary>How many bytes of the file the server's side has acknowledged, or the kernel has taken where the system does not report that. Callable from any thread.</summary>
    public long FileBytesDelivered => Math.Max(0, Volatile.Read(ref _delivered) - Volatile.Read(ref _fileStart));

    /// <summary>Waits for exactly <c>accio\r\n</c>.</summary>
    /// <param name="limit">How long the command may take.</param>
    /// <param name="advice">What the user can do if it takes longer.</param>
    /// <exception cref="TransferException">The command did not come within the limit, other bytes came, or the connection ended.</exception>
    public void ExpectCommand(TimeSpan limit, string advice)
    {
        var command = AccioProtocol.Command.Span;
        Span<byte> received = stackalloc byte[command.Length];
        var clock = Stopwatch.StartNew();
        for (var length = 0; length < command.Length;)
        {
            switch (ReceiveWithinPollInterval(received[length..]))
            {
                case 0:
                    throw _hasTurn ? new TransferException("The server closed the connection instead of sending its second command. Its log says why.") : TurnNeverCame();
                case { } count:
                    length += count;
                    break;
                case null when limit != Timeout.InfiniteTimeSpan && clock.Elapsed >= limit:
                    throw new TransferException($"No command came from the server within {Seconds(limit)}. {advice}");
            }

            if (!command.StartsWith(received[..length]))
            {
                throw new TransferException($"The server sent '{Printable.Ascii(Encoding.Latin1.GetString(received[..length]))}' instead of a command. {KindOf(received[..length])}");
            }
        }

        _hasTurn = true;
    }

    /// <summary>Sends these bytes.</summary>
    /// <exception cref="TransferException">No byte could be sent within the limit, or the connection ended.</exception>
    public void Send(ReadOnlySpan<byte> bytes)
    {
        _lastProgress = Stopwatch.GetTimestamp();
        while (!bytes.IsEmpty)
        {
            var count = _socket.Send(bytes, SocketFlags.None, out var error);
            if (error is SocketError.Success)
            {
                bytes = bytes[count..];
                NoteSent(count);
            }
            else if (error is SocketError.WouldBlock)
            {
                WaitForRoom();
            }
            else
            {
                throw Broken(error);
            }
        }
    }

    /// <summary>Sends a file from its position to its end. A file that grows meanwhile is sent up to its new end.</summary>
    /// <exception cref="TransferException">No byte could be read or sent within the limit, or the connection ended.</exception>
    public void SendFile(TransferFile file)
    {
        Volatile.Write(ref _fileStart, _sent);
        if (Platform.HasLinuxCalls && TrySendByKernel(file.Handle))
        {
            return;
        }

        var isPipe = file.Size is null;
        var piece = new byte[CopiedPiece];
        while (ReadWithinLimit(file, piece) is > 0 and var count)
        {
            Send(piece.AsSpan(0, count));
        }

        if (isPipe)
        {
            // Ctrl+C ends all processes of a pipeline. If the source ends first, its end must not pass for the end of the file, so wait for
            // this process's signal, which is about to arrive. Not in one pause: on a busy machine each takes longer, and so do the threads
            // that handle the signal.
            for (var pauses = 0; pauses < SignalPauses; pauses++)
            {
                Thread.Sleep(s_signalPause);
            }
        }
    }

    /// <summary>
    /// Ends the sending side, which ends the file, and waits until the server has acknowledged everything and closes the connection. Bytes
    /// that the server still sends are not part of the protocol, and are ignored.
    /// </summary>
    /// <exception cref="TransferException">The server reset the connection, closed it too early, or did not close it within the limit.</exception>
    public void End()
    {
        if (!_reportsAcknowledged)
        {
            ThrowIfEnded();
        }

        _hasEnded = true;
        try
        {
            _socket.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            // The connection is broken already. The receive below reports how.
        }

        _lastProgress = Stopwatch.GetTimestamp();
        Span<byte> ignored = stackalloc byte[256];
        while (ReceiveWithinPollInterval(ignored) is not 0)
        {
            // Bytes in the kernel's buffers may take longer than the limit, as long as the server's side acknowledges some of them.
            NoteDelivered();
            ThrowIfStalled();
        }

        NoteDelivered();
        if (!_reportsAcknowledged)
        {
            ThrowIfResetFollows();
        }

        if (_delivered < _sent)
        {
            throw new TransferException($"The server closed the connection after {FileBytesDelivered} of {_sent - _fileStart} bytes of the file.");
        }
    }

    public void Dispose() => _socket.Dispose();

    /// <returns>
    /// False if the kernel cannot send from this file, for example a pipe, or has failed to. Reading from the file's present position
    /// then works, or reports the error.
    /// </returns>
    [SupportedOSPlatform("linux")]
    private bool TrySendByKernel(SafeFileHandle file)
    {
        _lastProgress = Stopwatch.GetTimestamp();
        while (true)
        {
            var count = Libc.SendFile(_socket.SafeHandle, file, offset: 0, KernelPiece);
            switch (count < 0 ? Marshal.GetLastPInvokeError() : 0)
            {
                case 0 when count == 0:
                    return true;
                case 0:
                    NoteSent(count);
                    break;
                case Libc.EINTR:
                    break;
                case var error when error == Libc.EAGAIN:
                    WaitForRoom();
                    break;
                // EINVAL and ENOSYS mean that the kernel cannot send from such a file. Other errors are the file's or the connection's.
                case var error when error is not (Libc.EINVAL or Libc.ENOSYS) && Libc.IsHungUp(_socket.SafeHandle):
                    throw Broken(Marshal.GetPInvokeErrorMessage(error));
                default:
                    return false;
            }
        }
    }

    /// <returns>The number of bytes, 0 at the end of the file.</returns>
    private int ReadWithinLimit(TransferFile file, byte[] piece)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            if (file.Read(piece, s_pollInterval) is { } count)
            {
                return count;
            }

            NoteDelivered();
            ThrowIfEnded();
            if (clock.Elapsed >= _limit)
            {
                throw new TransferException(
                    $"Nothing came from {file.Name} for {Seconds(_limit)}; {FileBytesDelivered} bytes of it {Arrived}. A source that pauses for longer needs a greater --timeout, and a server that waits as long.");
            }
        }
    }

    /// <summary>Checks the connection while the source pauses: without a send, the client would not notice that the server has closed it.</summary>
    private void ThrowIfEnded()
    {
        if (!_socket.Poll(TimeSpan.Zero, SelectMode.SelectRead))
        {
            return;
        }

        Span<byte> next = stackalloc byte[1];
        var count = _socket.Receive(next, SocketFlags.Peek, out var error);
        if (error is not (SocketError.Success or SocketError.WouldBlock))
        {
            throw Broken(error);
        }

        if (error is SocketError.Success && count == 0)
        {
            throw new TransferException($"The server closed the connection after {FileBytesDelivered} bytes of the file, before its end.");
        }
    }

    /// <summary>
    /// Called after the server's end. Where the system does not report acknowledged bytes, only a reset shows that the server has closed
    /// its side without the whole file: it answers what came after that. On most networks it arrives within this time.
    /// </summary>
    private void ThrowIfResetFollows()
    {
        Thread.Sleep(s_pollInterval);
        Span<byte> ignored = stackalloc byte[1];
        _ = _socket.Receive(ignored, SocketFlags.None, out var error);
        if (error is not (SocketError.Success or SocketError.WouldBlock))
        {
            throw Broken(error);
        }
    }

    /// <returns>The number of bytes that came, 0 at the server's end, or null if nothing came within a poll interval.</returns>
    private int? ReceiveWithinPollInterval(Span<byte> buffer)
    {
        if (!_socket.Poll(s_pollInterval, SelectMode.SelectRead))
        {
            return null;
        }

        var count = _socket.Receive(buffer, SocketFlags.None, out var error);
        return error switch
        {
            SocketError.Success => count,
            SocketError.WouldBlock => null,
            SocketError.ConnectionReset when !_hasTurn => throw TurnNeverCame(),
            _ => throw Broken(error),
        };
    }

    private void WaitForRoom()
    {
        _ = _socket.Poll(s_pollInterval, SelectMode.SelectWrite);
        // The kernel reports a socket as writable when a third of its buffer is free, which takes long on a slow link. Acknowledged bytes
        // are progress too.
        NoteDelivered();
        ThrowIfStalled();
        if (!_reportsAcknowledged)
        {
            ThrowIfEnded();
        }
    }

    private void NoteSent(nint count)
    {
        _sent += count;
        _lastProgress = Stopwatch.GetTimestamp();
        NoteDelivered();
    }

    private void NoteDelivered()
    {
        var delivered = PlatformSocket.Acknowledged(_socket, _sent) ?? (_reportsAcknowledged ? _delivered : _sent);
        if (delivered != _delivered)
        {
            Volatile.Write(ref _delivered, delivered);
            _lastProgress = Stopwatch.GetTimestamp();
        }
    }

    private void ThrowIfStalled()
    {
        if (Stopwatch.GetElapsedTime(_lastProgress) >= _limit)
        {
            // A server that has acknowledged everything has only to close.
            var what = !_hasEnded || _delivered < _sent ? "has taken nothing" : "did not close the connection";
            throw new TransferException(
                $"The server {what} for {Seconds(_limit)}; {FileBytesDelivered} bytes of the file {Arrived}. --timeout SECONDS gives it longer.");
        }
    }

    private string Arrived => _reportsAcknowledged ? "had reached the server's side" : "had been sent, and this system does not tell whether they arrived";

    private TransferException Broken(SocketError error) => Broken(new SocketException((int)error).Message);

    private TransferException Broken(string reason) =>
        new($"The connection broke {(_fileStart == NoFileYet ? "before the file" : $"after {FileBytesDelivered} bytes of the file")}: {SystemMessage.Clause(reason)}. The server ended the exchange, or the network failed: the server's log says which.");

    private static string Seconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds} s");

    /// <summary>The kind of server that sends this greeting, as advice to the user.</summary>
    private static string KindOf(ReadOnlySpan<byte> greeting)
    {
        if (greeting.StartsWith("HTTP/"u8))
        {
            return "That is an HTTP server: the port of the Accio server is another one.";
        }

        if (greeting is [0x15 or 0x16, 0x03, ..])
        {
            return "That is a TLS server: this client speaks no TLS, openssl s_client does.";
        }

        return greeting.StartsWith("accio"u8)
            ? @"A command is accio\r\n: its line must end with both bytes."
            : "That is no Accio server: check host and port.";
    }

    private static TransferException TurnNeverCame() => new(
        "The server closed the connection before the turn of this client came. It was stopped, serves no clients of this address, or is no Accio server: its log says which.");
}
