using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace AccioKestrel.Client;

/// <summary>The connection to the server. Nothing here waits without a limit.</summary>
internal sealed class ServerConnection : IDisposable
{
    /// <summary>How often a wait looks whether its limit has passed, and how far the server is.</summary>
    private static readonly TimeSpan s_tick = TimeSpan.FromMilliseconds(100);

    private const long NoFileYet = long.MaxValue;
    private const int KernelPiece = 1024 * 1024;
    private const int CopiedPiece = 64 * 1024;

    private readonly Socket _socket;
    private readonly TimeSpan _limit;
    private long _sent;
    private long _delivered;
    private long _fileStart = NoFileYet;
    private long _lastProgress;

    /// <param name="socket">A connected socket; it is disposed with this connection.</param>
    /// <param name="limit">How long nothing may move while something is to be sent, and how long the server may take to close.</param>
    public ServerConnection(Socket socket, TimeSpan limit)
    {
        _socket = socket;
        _limit = limit;
        _socket.NoDelay = true;
        // The kernel's calls know no limits: they say that they would block, and the limits are kept here.
        _socket.Blocking = false;
        // A client that gives up, or is killed, resets the connection: an ordinary end would pass for the end of the file,
        // and the server would count what had come. After an end in good order there is nothing left to reset.
        _socket.LingerState = new LingerOption(enable: true, seconds: 0);
    }

    /// <summary>How much of the file has reached the server's side; any thread may ask.</summary>
    public long FileBytesDelivered => Math.Max(0, Volatile.Read(ref _delivered) - Volatile.Read(ref _fileStart));

    /// <summary>Waits for <c>accio\r\n</c>, all of it, and for nothing else.</summary>
    /// <exception cref="TransferException">It did not come within the limit, something else came, or the connection ended.</exception>
    public void ExpectCommand(TimeSpan limit)
    {
        var command = AccioProtocol.Command.Span;
        Span<byte> received = stackalloc byte[command.Length];
        var clock = Stopwatch.StartNew();
        for (var length = 0; length < command.Length;)
        {
            switch (ReceiveWithinTick(received[length..]))
            {
                case 0:
                    throw new TransferException("The server closed the connection instead of sending a command.");
                case { } count:
                    length += count;
                    break;
                case null when limit != Timeout.InfiniteTimeSpan && clock.Elapsed >= limit:
                    throw new TransferException($"No command came from the server within {Seconds(limit)}.");
            }

            if (!command.StartsWith(received[..length]))
            {
                throw new TransferException($"The server sent '{Printable(received[..length])}' instead of a command.");
            }
        }
    }

    /// <summary>Sends these bytes.</summary>
    /// <exception cref="TransferException">None could be sent for as long as the limit, or the connection ended.</exception>
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

    /// <summary>Sends a file from its position to its end, whatever that is by the time it is reached.</summary>
    /// <exception cref="TransferException">No byte could be sent for as long as the limit, or the connection ended.</exception>
    public void SendFile(FileStream file)
    {
        Volatile.Write(ref _fileStart, _sent);
        if (OperatingSystem.IsLinux() && TrySendByKernel(file.SafeFileHandle))
        {
            return;
        }

        var piece = new byte[CopiedPiece];
        while (file.Read(piece) is > 0 and var count)
        {
            Send(piece.AsSpan(0, count));
        }
    }

    /// <summary>
    /// Ends the sending side, and with it the file, and waits until the server has taken everything and closes the
    /// connection. What it may still say is no part of the protocol.
    /// </summary>
    /// <exception cref="TransferException">It broke the connection, closed it too early, or did neither within the limit.</exception>
    public void End()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            // Broken already; to receive tells how.
        }

        _lastProgress = Stopwatch.GetTimestamp();
        Span<byte> ignored = stackalloc byte[256];
        while (ReceiveWithinTick(ignored) is not 0)
        {
            // What is in the kernel's buffers may take much longer than the limit, as long as it moves.
            NoteDelivered();
            ThrowIfStalled("The server did not close the connection");
        }

        NoteDelivered();
        if (_delivered < _sent)
        {
            throw new TransferException($"The server closed the connection after {FileBytesDelivered} of {_sent - _fileStart} bytes of the file.");
        }
    }

    public void Dispose() => _socket.Dispose();

    /// <returns>False if this is nothing that the kernel can send from, such as a pipe; nothing was sent then.</returns>
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
                case Libc.WouldBlock:
                    WaitForRoom();
                    break;
                case Libc.Interrupted:
                    break;
                case Libc.InvalidArgument or Libc.NotImplemented when _sent == _fileStart:
                    return false;
                case var error:
                    throw Broken(Marshal.GetPInvokeErrorMessage(error));
            }
        }
    }

    /// <returns>The number of bytes that came, 0 at the server's end, or null if nothing came within a tick.</returns>
    private int? ReceiveWithinTick(Span<byte> buffer)
    {
        if (!_socket.Poll(s_tick, SelectMode.SelectRead))
        {
            return null;
        }

        var count = _socket.Receive(buffer, SocketFlags.None, out var error);
        return error switch
        {
            SocketError.Success => count,
            SocketError.WouldBlock => null,
            _ => throw Broken(error),
        };
    }

    private void WaitForRoom()
    {
        _ = _socket.Poll(s_tick, SelectMode.SelectWrite);
        // The kernel calls a socket writable when a third of its buffer is free, which on a slow link takes long. As long
        // as the server's side acknowledges bytes, they are being sent.
        NoteDelivered();
        ThrowIfStalled("No byte could be sent");
    }

    private void NoteSent(nint count)
    {
        _sent += count;
        _lastProgress = Stopwatch.GetTimestamp();
        NoteDelivered();
    }

    private void NoteDelivered()
    {
        var delivered = Acknowledged() ?? _sent;
        if (delivered != _delivered)
        {
            Volatile.Write(ref _delivered, delivered);
            _lastProgress = Stopwatch.GetTimestamp();
        }
    }

    /// <summary>How many of the sent bytes the server's side has acknowledged, if the system tells: tcpi_bytes_acked in Linux' TCP_INFO.</summary>
    private long? Acknowledged()
    {
        const int tcpInfo = 11;
        const int offset = 120;
        Span<byte> info = stackalloc byte[offset + sizeof(long)];
        if (!OperatingSystem.IsLinux() || _socket.GetRawSocketOption((int)SocketOptionLevel.Tcp, tcpInfo, info) < info.Length)
        {
            return null;
        }

        // The opening of the connection counts as a byte, so 0 is a kernel that does not count. Its end counts as one too.
        var acknowledged = BitConverter.ToInt64(info[offset..]);
        return acknowledged > 0 ? Math.Min(acknowledged - 1, _sent) : null;
    }

    private void ThrowIfStalled(string what)
    {
        if (Stopwatch.GetElapsedTime(_lastProgress) >= _limit)
        {
            throw new TransferException($"{what} for {Seconds(_limit)}; {FileBytesDelivered} bytes of the file had reached the server's side.");
        }
    }

    private TransferException Broken(SocketError error) => Broken(new SocketException((int)error).Message);

    private TransferException Broken(string reason) =>
        new($"The connection broke {(_fileStart == NoFileYet ? "before the file" : $"after {FileBytesDelivered} bytes of the file")}: {reason}.");

    private static string Seconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds} s");

    /// <summary>What a server sends must not control the user's terminal.</summary>
    private static string Printable(ReadOnlySpan<byte> bytes) =>
        string.Concat(Encoding.Latin1.GetString(bytes).Select(letter => char.IsAscii(letter) && !char.IsControl(letter) ? $"{letter}" : $"\\x{(int)letter:X2}"));
}
