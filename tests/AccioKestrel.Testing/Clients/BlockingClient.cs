using System.Net;
using System.Net.Sockets;

namespace AccioKestrel.Testing;

/// <summary>A client that blocks the thread it runs on, and no other: what <see cref="OwnWaiting"/> measures cannot be late by another thread.</summary>
internal sealed class BlockingClient : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
    {
        NoDelay = true,
        ReceiveTimeout = (int)Patience.Limit.TotalMilliseconds,
        SendTimeout = (int)Patience.Limit.TotalMilliseconds,
    };

    public BlockingClient(int port) => _socket.Connect(IPAddress.Loopback, port);

    public void Send(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[_socket.Send(bytes)..];
        }
    }

    public void HalfClose() => _socket.Shutdown(SocketShutdown.Send);

    public void ExpectCommand()
    {
        var buffer = new byte[Accio.Command.Length];
        Assert.Equal(buffer.Length, _socket.Receive(buffer));
        Assert.Equal(Accio.Bytes(Accio.Command), buffer);
    }

    /// <summary>Waits until the server ends the connection without an error.</summary>
    public void WaitForClose()
    {
        while (_socket.Receive(new byte[4096]) > 0)
        {
        }
    }

    /// <summary>Waits until the server resets the connection.</summary>
    public void WaitForReset() => Assert.Equal(SocketError.ConnectionReset, Assert.Throws<SocketException>(WaitForClose).SocketErrorCode);

    public void Dispose() => _socket.Dispose();
}
