using System.Net.Sockets;
using System.Runtime.InteropServices;
using AccioKestrel.Interop;
using Microsoft.AspNetCore.Connections;

namespace AccioKestrel.Transport;

/// <summary>How sockets differ by operating system: on Linux the kernel's own calls, elsewhere what the runtime has for all systems.</summary>
/// <remarks>
/// On Linux a blocking receive with a time-out costs one system call, and can discard. Elsewhere the socket is non-blocking and is polled
/// first: Windows documents the state of a socket as undefined after a receive that timed out, and the runtime reports the same error for
/// such a receive and for a connection that keep-alive has given up.
/// </remarks>
internal static class PlatformSocket
{
    /// <summary>
    /// The most bytes that one portable receive takes. They are copied, and a larger buffer than the processor's cache makes that slower.
    /// </summary>
    private const int PortableLength = 256 * 1024;

    /// <summary>Sets the options that a connection inherits from its listen socket.</summary>
    public static void SetInheritedOptions(Socket socket)
    {
        EnableKeepAlive(socket);
        // Without it an urgent byte would not be received, and not counted.
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.OutOfBandInline, true);
        if (Platform.HasLinuxCalls)
        {
            socket.SendTimeout = (int)BlockingConnection.PollInterval.TotalMilliseconds;
        }
    }

    /// <summary>Sets the options that would disturb accept on the listen socket: a time-out for receives is one for accept too.</summary>
    /// <exception cref="SocketException">The client has reset the connection, and the system therefore rejects the option.</exception>
    public static void PrepareAccepted(Socket socket)
    {
        if (Platform.HasLinuxCalls)
        {
            socket.ReceiveTimeout = (int)BlockingConnection.PollInterval.TotalMilliseconds;
        }
        else
        {
            // On macOS a connection does not inherit the time after which probes begin.
            EnableKeepAlive(socket);
            socket.Blocking = false;
        }
    }

    /// <summary>Blocks until bytes have come, the client has ended its sending side, or a poll interval is over.</summary>
    /// <param name="socket">A prepared socket on which no asynchronous operation was ever started.</param>
    /// <param name="buffer">Receives the bytes. With <paramref name="discard"/>, only its length matters.</param>
    /// <param name="discard">
    /// Whether only the number of bytes is needed. On Linux MSG_TRUNC removes TCP bytes from the receive queue without copying them, so
    /// the pages of the buffer are never touched. Other systems have no such flag, and overwrite the buffer.
    /// </param>
    /// <param name="wait">False to take only bytes that have come already.</param>
    /// <returns>The number of bytes, 0 at the end of the client's sending side, or -1 if nothing has come yet.</returns>
    /// <exception cref="ConnectionResetException">The connection was reset, or failed in another way.</exception>
    public static int ReceiveWithinPollInterval(this Socket socket, Span<byte> buffer, bool discard, bool wait)
    {
        if (Platform.HasLinuxCalls)
        {
            var received = Libc.Receive(socket.SafeHandle, buffer, buffer.Length, (discard ? Libc.MSG_TRUNC : 0) | (wait ? 0 : Libc.MSG_DONTWAIT));
            return received >= 0 ? (int)received : Marshal.GetLastPInvokeError() switch
            {
                // EINTR: a signal interrupts a receive that has a time-out, even if its handler was installed with SA_RESTART.
                var error when Libc.CanRetry(error) => -1,
                var error => throw new ConnectionResetException(Marshal.GetPInvokeErrorMessage(error)),
            };
        }

        if (!socket.Poll(wait ? BlockingConnection.PollInterval : TimeSpan.Zero, SelectMode.SelectRead))
        {
            return -1;
        }

        var count = socket.Receive(buffer[..Math.Min(buffer.Length, PortableLength)], SocketFlags.None, out var socketError);
        return socketError switch
        {
            SocketError.Success => count,
            SocketError.WouldBlock => -1,
            _ => throw new ConnectionResetException(new SocketException((int)socketError).Message),
        };
    }

    /// <summary>Blocks until the kernel has taken bytes, or a poll interval is over.</summary>
    /// <returns>The number of bytes, 0 if there was no room yet, or -1 if the client no longer reads.</returns>
    /// <exception cref="ConnectionResetException">The connection was reset, or failed in another way.</exception>
    public static int SendWithinPollInterval(this Socket socket, ReadOnlySpan<byte> bytes)
    {
        if (Platform.HasLinuxCalls)
        {
            var sent = Libc.Send(socket.SafeHandle, bytes, bytes.Length, Libc.MSG_NOSIGNAL);
            return sent >= 0 ? (int)sent : Marshal.GetLastPInvokeError() switch
            {
                Libc.EPIPE => -1,
                var error when Libc.CanRetry(error) => 0,
                var error => throw new ConnectionResetException(Marshal.GetPInvokeErrorMessage(error)),
            };
        }

        if (!socket.Poll(BlockingConnection.PollInterval, SelectMode.SelectWrite))
        {
            return 0;
        }

        var count = socket.Send(bytes, SocketFlags.None, out var socketError);
        return socketError switch
        {
            SocketError.Success => count,
            SocketError.WouldBlock => 0,
            SocketError.Shutdown => -1,
            _ => throw new ConnectionResetException(new SocketException((int)socketError).Message),
        };
    }

    /// <summary>Makes a receive wait until so many bytes have come. Only Linux wakes such a receive at the end and at an error too.</summary>
    /// <returns>False where the system has no such mark.</returns>
    public static bool TrySetLowWaterMark(this Socket socket, int bytes)
    {
        if (Platform.HasLinuxCalls)
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReceiveLowWater, bytes);
        }

        return Platform.HasLinuxCalls;
    }

    /// <summary>Whether the system reports the queue of a listen socket.</summary>
    public static bool ReportsQueue => Platform.HasLinuxCalls;

    /// <summary>The length and the limit of a listen socket's accept queue; zeros if the system does not report them, or the socket is closed.</summary>
    public static (int Length, int Limit) Queue(Socket listening)
    {
        const int tcpInfo = 11;
        // For a listen socket, these two fields of TCP_INFO hold the length and the limit of its queue.
        const int unacknowledged = 24;
        const int selectivelyAcknowledged = 28;
        Span<byte> info = stackalloc byte[32];
        try
        {
            return Platform.HasLinuxCalls && listening.GetRawSocketOption((int)SocketOptionLevel.Tcp, tcpInfo, info) == info.Length
                ? (MemoryMarshal.Read<int>(info[unacknowledged..]), MemoryMarshal.Read<int>(info[selectivelyAcknowledged..]))
                : default;
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            return default;
        }
    }

    /// <summary>
    /// Enables TCP keep-alive, to detect clients that have disappeared; connections inherit it. A client whose machine has crashed
    /// would otherwise keep its place in the queue, and then hold the turn for the whole idle time-out.
    /// </summary>
    private static void EnableKeepAlive(Socket socket)
    {
        // Detection takes 22 s. With six probes, a network that loses every third segment hardly ever makes a live client look lost. A
        // waiting client costs one segment every ten seconds, a client that sends none.
        const int idleSeconds = 10;
        const int intervalSeconds = 2;
        const int probes = 6;
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        foreach (var (option, value) in ((SocketOptionName, int)[])
            [(SocketOptionName.TcpKeepAliveTime, idleSeconds), (SocketOptionName.TcpKeepAliveInterval, intervalSeconds), (SocketOptionName.TcpKeepAliveRetryCount, probes)])
        {
            try
            {
                socket.SetSocketOption(SocketOptionLevel.Tcp, option, value);
            }
            catch (SocketException)
            {
                // Windows before 10 1703 has no retry count. Detection then takes as long as the system's own setting.
            }
        }
    }
}
