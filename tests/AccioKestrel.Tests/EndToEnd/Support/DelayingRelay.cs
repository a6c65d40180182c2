using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace AccioKestrel.Tests.EndToEnd;

/// <summary>Stands between clients and a server, and hands on in each direction what has come only after a while.</summary>
internal sealed class DelayingRelay : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly TimeSpan _delay;
    private readonly int _server;
    private readonly Task _accepting;

    public DelayingRelay(int server, TimeSpan delay)
    {
        _server = server;
        _delay = delay;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _accepting.OrGiveUp();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
            {
                connections.Add(RelayAsync(await _listener.AcceptSocketAsync()));
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task RelayAsync(Socket client)
    {
        using (client)
        {
            using var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await server.ConnectAsync(IPAddress.Loopback, _server);
            await Task.WhenAll(RelayAsync(client, server), RelayAsync(server, client));
        }
    }

    /// <summary>Hands on all that comes, and then the end.</summary>
    private async Task RelayAsync(Socket from, Socket to)
    {
        var underway = Channel.CreateUnbounded<(byte[] Bytes, Task Arrival)>();
        var arriving = ArriveAsync();
        var buffer = new byte[16 * 1024];
        while (await from.ReceiveAsync(buffer) is > 0 and var count)
        {
            underway.Writer.TryWrite((buffer[..count], Task.Delay(_delay)));
        }

        underway.Writer.TryWrite(([], Task.Delay(_delay)));
        underway.Writer.Complete();
        await arriving;

        async Task ArriveAsync()
        {
            await foreach (var (bytes, arrival) in underway.Reader.ReadAllAsync())
            {
                await arrival;
                if (bytes.Length > 0)
                {
                    await to.SendAsync(bytes);
                }
                else
                {
                    to.Shutdown(SocketShutdown.Send);
                }
            }
        }
    }
}
