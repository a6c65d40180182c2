using System.Net.Sockets;
using System.Runtime.InteropServices;
using AccioKestrel.Interop;

namespace AccioKestrel.Client;

/// <summary>How each operating system tells what became of the bytes that a socket has taken.</summary>
internal static class PlatformSocket
{
    /// <summary>How many of the sent bytes the other side's kernel has acknowledged.</summary>
    /// <param name="socket">A connected socket.</param>
    /// <param name="sent">How many bytes the socket has taken.</param>
    /// <returns>At most <paramref name="sent"/>, or null if the system does not report it. Windows has numbers too (SIO_TCP_INFO), but whether they count bytes that were sent again is not documented.</returns>
    public static long? Acknowledged(Socket socket, long sent)
    {
        try
        {
            var acknowledged = Platform.HasLinuxCalls ? OnLinux(socket)
                : OperatingSystem.IsMacOS() ? OnMacOS(socket, sent)
                : null;
            return acknowledged is { } count ? Math.Clamp(count, 0, sent) : null;
        }
        catch (SocketException)
        {
            // The system does not know the option.
            return null;
        }
    }

    /// <summary>The field tcpi_bytes_acked of TCP_INFO.</summary>
    private static long? OnLinux(Socket socket)
    {
        const int tcpInfo = 11;
        const int offset = 120;
        Span<byte> info = stackalloc byte[offset + sizeof(long)];
        // The SYN counts as a byte, so 0 means that the kernel does not count. The FIN counts as one too.
        return socket.GetRawSocketOption((int)SocketOptionLevel.Tcp, tcpInfo, info) == info.Length
            && MemoryMarshal.Read<long>(info[offset..]) is > 0 and var acknowledged ? acknowledged - 1 : null;
    }

    /// <summary>What has left the send buffer: by the field tcpi_snd_sbbytes of TCP_CONNECTION_INFO, a byte stays there until it is acknowledged.</summary>
    private static long? OnMacOS(Socket socket, long sent)
    {
        const int tcpConnectionInfo = 0x106;
        const int size = 112;
        const int offset = 32;
        Span<byte> info = stackalloc byte[size];
        return socket.GetRawSocketOption((int)SocketOptionLevel.Tcp, tcpConnectionInfo, info) == size
            ? sent - MemoryMarshal.Read<uint>(info[offset..]) : null;
    }
}
