using System.Net;
using System.Net.Sockets;
using System.Text;
using AccioKestrel.Tests.EndToEnd;

namespace AccioKestrel.Tests.Client;

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

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    private Socket Connection => _connection!;

    public async Task AcceptAsync() => _connection = await _listener.AcceptAsync().OrGiveUp();

    public async Task SendAsync(string text)
    {
        var sent = await Connection.SendAsync(Accio.Bytes(text)).OrGiveUp();
        Assert.Equal(text.Length, sent);
    }

    /// <summary>Receives exactly this from the client.</summary>
    public async Task ExpectAsync(string text)
    {
        var buffer = new byte[text.Length];
        var length = 0;
        while (length < buffer.Length && await Connection.ReceiveAsync(buffer.AsMemory(length)).OrGiveUp() is > 0 and var count)
        {
            length += count;
        }

        Assert.Equal(text, Encoding.Latin1.GetString(buffer, 0, length));
    }

    /// <summary>Sees that nothing comes for a while, neither bytes nor an end.</summary>
    public void ExpectSilence() =>
        Assert.False(Connection.Poll(TimeSpan.FromSeconds(0.3), SelectMode.SelectRead), "Nothing should have come from the client.");

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
        while (length < size && await Connection.ReceiveAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, size - length))).OrGiveUp() is > 0 and var count)
        {
            length += count;
        }

        return length;
    }

    /// <summary>Receives to the client's end, which must be in good order.</summary>
    public Task<long> ReceiveAllAsync() => ReceiveAsync(long.MaxValue);

    /// <summary>Sees that the client resets the connection.</summary>
    public async Task ExpectResetAsync()
    {
        var exception = await Assert.ThrowsAsync<SocketException>(ReceiveAllAsync);
        Assert.Equal(SocketError.ConnectionReset, exception.SocketErrorCode);
    }

    public void HalfClose() => Connection.Shutdown(SocketShutdown.Send);

    /// <summary>Closes the connection, which is in good order if everything was received.</summary>
    public void Close() => Connection.Close();

    /// <summary>Closes, after everything was received: the client must take it for a success.</summary>
    public async Task CloseAfterSuccessAsync(ChildProcess client)
    {
        Close();
        await client.ExpectSuccessAsync();
    }

    public void Reset() => Connection.Close(timeout: 0);

    public void Dispose()
    {
        _listener.Dispose();
        _connection?.Dispose();
    }
}
