using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace AccioKestrel.Checker;

/// <summary>
/// Asks the kernel for one TCP socket (sock_diag(7)). The list in <c>/proc/net/tcp</c> says the same, but a busy machine has thousands of
/// sockets, and to write all of them down for one takes the kernel milliseconds.
/// </summary>
internal static partial class SocketDiagnostics
{
    /// <summary>The state of a socket that listens.</summary>
    public const int Listening = 10;

    private const int AddressFamilyNetlink = 16;
    private const int RawSocket = 3;
    private const int SockDiag = 4;
    private const int NetlinkHeader = 16;
    private const int Request = NetlinkHeader + 56;

    private static readonly Lazy<bool> s_isSupported = new(TryListener);

    /// <summary>Whether this kernel answers: the module may be missing, and a container may not load it.</summary>
    public static bool IsSupported => s_isSupported.Value;

    /// <summary>The state and the unread bytes of a socket with these addresses on this machine; null if there is none.</summary>
    /// <param name="localPort">Its own port.</param>
    /// <param name="remotePort">The other side's port; 0 for a socket that listens.</param>
    public static (int State, int Unread)? Find(int localPort, int remotePort)
    {
        const int state = NetlinkHeader + 1;
        const int receiveQueue = NetlinkHeader + 4 + 48 + 4;
        const ushort byFamily = 20;
        Span<byte> message = stackalloc byte[Request];
        message.Clear();
        // The header: length, type, flags (a request), sequence.
        BinaryPrimitives.WriteInt32LittleEndian(message, Request);
        BinaryPrimitives.WriteUInt16LittleEndian(message[4..], byFamily);
        BinaryPrimitives.WriteUInt16LittleEndian(message[6..], 1);
        // The request: family, protocol, all states, ports and addresses, no interface, no cookie.
        var body = message[NetlinkHeader..];
        body[0] = (byte)AddressFamily.InterNetwork;
        body[1] = (byte)ProtocolType.Tcp;
        BinaryPrimitives.WriteUInt32LittleEndian(body[4..], uint.MaxValue);
        BinaryPrimitives.WriteUInt16BigEndian(body[8..], (ushort)localPort);
        BinaryPrimitives.WriteUInt16BigEndian(body[10..], (ushort)remotePort);
        IPAddress.Loopback.TryWriteBytes(body[12..], out _);
        IPAddress.Loopback.TryWriteBytes(body[28..], out _);
        body[48..56].Fill(byte.MaxValue);

        var socket = Open(AddressFamilyNetlink, RawSocket, SockDiag);
        if (socket < 0)
        {
            return null;
        }

        try
        {
            Span<byte> answer = stackalloc byte[1024];
            return Send(socket, message, message.Length, flags: 0) == message.Length && Receive(socket, answer, answer.Length, flags: 0) is var length
                && length >= receiveQueue + 4 && BinaryPrimitives.ReadUInt16LittleEndian(answer[4..]) == byFamily
                ? (answer[state], BinaryPrimitives.ReadInt32LittleEndian(answer[receiveQueue..]))
                : null;
        }
        finally
        {
            _ = Close(socket);
        }
    }

    /// <summary>A socket that is there must be found.</summary>
    private static bool TryListener()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        return Find(((IPEndPoint)listener.LocalEndPoint!).Port, remotePort: 0) is { State: Listening };
    }

    [LibraryImport("libc", EntryPoint = "socket")]
    private static partial int Open(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "send")]
    private static partial nint Send(int socket, ReadOnlySpan<byte> bytes, nint length, int flags);

    [LibraryImport("libc", EntryPoint = "recv")]
    private static partial nint Receive(int socket, Span<byte> bytes, nint length, int flags);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
