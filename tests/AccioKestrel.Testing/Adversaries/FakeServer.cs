using System.Net;
using System.Net.Sockets;
using System.Text;

namespace AccioKestrel.Testing;

/// <summary>A server by hand, for one client: each verb is one thing that a server can do, in order or not.</summary>
internal sealed class FakeServer : IDisposable
{
    private readonly Socket _listener;
    private Socket? _connection;

    /// <param name="address">Where it listens, on a free port.</param>
    /// <param name="receiveBuffer">Bytes of the kernel's receive buffer, for a server that takes little at a time; 0 leaves it alone.</param>
    public FakeServer(IPAddress? address = null, int receiveBuffer = 0)
    {
        address ??= IPAddress.Loopback;
        _listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        if (receiveBuffer > 0)
        {
            _listener.ReceiveBufferSize = receiveBuffer;
        }

        _listener.Bind(new IPEndPoint(address, 0));
        _listener.Listen();
    }

    /// <summary>The limit of every wait of this server.</summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Whether there is something to receive from the client: bytes, an end or a reset.</summary>
    public bool HasInput => Connection.Poll(TimeSpan.Zero, SelectMode.SelectRead);

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    private Socket Connection => _connection!;

    public async Task AcceptAsync() => _connection = await _listener.AcceptAsync().WaitAsync(Limit);

    public async Task SendAsync(string text)
    {
        for (ReadOnlyMemory<byte> rest = Accio.Bytes(text); !rest.IsEmpty;)
        {
            rest = rest[await Connection.SendAsync(rest).AsTask().WaitAsync(Limit)..];
        }
    }

    /// <summary>Receives exactly this from the client.</summary>
    public async Task ExpectAsync(string text)
    {
        var buffer = new byte[text.Length];
        var length = 0;
        while (length < buffer.Length && await Connection.ReceiveAsync(buffer.AsMemory(length)).AsTask().WaitAsync(Limit) is > 0 and var count)
        {
            length += count;
        }

        PeerException.ThrowUnlessEqual(text, Encoding.Latin1.GetString(buffer, 0, length));
    }

    /// <summary>Sees that nothing comes for a while, neither bytes nor an end.</summary>
    public void ExpectSilence()
    {
        if (Connection.Poll(TimeSpan.FromSeconds(0.3), SelectMode.SelectRead))
        {
            throw new PeerException("nothing from the client, for the server's next step is missing", "bytes, or the end of the connection");
        }
    }

    /// <summary>Does nothing for a while, whatever comes.</summary>
    public void Pause(double seconds) => Connection.Poll(TimeSpan.FromSeconds(seconds), SelectMode.SelectError);

    /// <summary>Accepts, and goes through the handshake.</summary>
    public async Task HandshakeAsync()
    {
        await AcceptAsync();
        await SendAsync(Accio.Command);
        await ExpectAsync(Accio.FirstConfirmation);
        await SendAsync(Accio.Command);
        await ExpectAsync(Accio.SecondConfirmation);
    }

    /// <summary>Receives up to so many bytes, fewer only at the client's end.</summary>
    public async Task<long> ReceiveAsync(long size)
    {
        var buffer = new byte[256 * 1024];
        var length = 0L;
        while (length < size && await Connection.ReceiveAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, size - length))).AsTask().WaitAsync(Limit) is > 0 and var count)
        {
            length += count;
        }

        return length;
    }

    /// <summary>Receives up to so many bytes, and keeps them.</summary>
    public async Task<byte[]> ReceiveBytesAsync(int size)
    {
        var buffer = new byte[size];
        var length = 0;
        while (length < size && await Connection.ReceiveAsync(buffer.AsMemory(length)).AsTask().WaitAsync(Limit) is > 0 and var count)
        {
            length += count;
        }

        return buffer[..length];
    }

    /// <summary>Receives to the client's end, which must be a FIN and not a reset.</summary>
    public Task<long> ReceiveAllAsync() => ReceiveAsync(long.MaxValue);

    /// <summary>Sees that the client resets the connection.</summary>
    public async Task ExpectResetAsync()
    {
        try
        {
            await ReceiveAllAsync();
        }
        catch (SocketException exception) when (exception.SocketErrorCode is SocketError.ConnectionReset)
        {
            return;
        }

        throw new PeerException("a reset", "a FIN");
    }

    public void HalfClose() => Connection.Shutdown(SocketShutdown.Send);

    /// <summary>Closes the connection. The kernel sends a FIN if everything was received, a reset otherwise.</summary>
    public void Close() => Connection.Close();

    public void Reset() => Connection.Close(timeout: 0);

    public void Dispose()
    {
        _listener.Dispose();
        _connection?.Dispose();
    }
}
