using System.Net;
using System.Net.Sockets;

namespace AccioKestrel.Tests.EndToEnd;

/// <summary>Allowed networks, and the address to listen on.</summary>
public sealed class AccessTests
{
    [Fact]
    public async Task Allow_OtherNetworks_AreClosedAtOnceCountedAndGetNoLine()
    {
        var (server, status) = await StatusClient.StartAsync("--allow 192.0.2.0/24 --allow 127.0.0.1/32");
        await using var _ = server;
        using var __ = status;

        using (var stranger = await ConnectAsync(IPAddress.Parse("127.0.0.1"), server.Port, from: IPAddress.Parse("127.0.0.2")))
        {
            Assert.Equal(0, await stranger.ReceiveAsync(new byte[1]).OrGiveUp());
        }

        await server.TransferAsync(5);
        Assert.Contains("\naccio_refused_connections_total{otel_scope_name=\"AccioKestrel\"} 1\n", await status.TextAsync("/metrics"), StringComparison.Ordinal);
        await server.StopAsync(5);
    }

    [Fact]
    public async Task Allow_WithCommas_IsTheSameInTheEnvironment()
    {
        await using var server = await AccioServer.StartAsync(environment: ("Accio__Allow", "10.0.0.0/8, 127.0.0.0/8"));
        await server.TransferAsync(5);
        await server.StopAsync(5);
    }

    [Theory]
    [InlineData("::", "127.0.0.1", "::1")]
    [InlineData("::1", "::1")]
    [InlineData("127.0.0.3", "127.0.0.3")]
    public async Task Listen_OnAnAddress_ServesThere(string address, params string[] reachable)
    {
        if (reachable.Contains("::1"))
        {
            Needs.IPv6();
        }

        var port = AccioServer.FreePort();
        await using var server = new ChildProcess(AccioServer.Binary, [AccioServer.Number(port), "--listen", address]);
        await server.Errors.WaitUntilAsync(text => text.Contains("Listening on ", StringComparison.Ordinal));
        foreach (var target in reachable)
        {
            using var client = await ConnectAsync(IPAddress.Parse(target), port);
            await client.SendAsync(Accio.StreamOf(5)).OrGiveUp();
            client.Shutdown(SocketShutdown.Send);
        }

        await server.Output.WaitUntilAsync(text => text.Equals(string.Concat(Enumerable.Repeat("5\n", reachable.Length)), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Listen_OnOneAddress_IsNotServedAtAnother()
    {
        var port = AccioServer.FreePort();
        await using var server = new ChildProcess(AccioServer.Binary, [AccioServer.Number(port), "--listen", "127.0.0.3"]);
        await server.Errors.WaitUntilAsync(text => text.Contains($"Listening on 127.0.0.3:{port}\n", StringComparison.Ordinal));
        await Assert.ThrowsAsync<SocketException>(() => ConnectAsync(IPAddress.Loopback, port));
    }

    [Fact]
    public async Task Allow_OfAClientByIPv4OnADualStackAddress_IsByItsIPv4Address()
    {
        Needs.IPv6();
        var port = AccioServer.FreePort();
        await using var server = new ChildProcess(AccioServer.Binary, [AccioServer.Number(port), "--listen", "::", "--allow", "127.0.0.0/8"]);
        await server.Errors.WaitUntilAsync(text => text.Contains("Listening on ", StringComparison.Ordinal));
        using (var other = await ConnectAsync(IPAddress.IPv6Loopback, port))
        {
            Assert.Equal(0, await other.ReceiveAsync(new byte[1]).OrGiveUp());
        }

        using var client = await ConnectAsync(IPAddress.Loopback, port);
        Assert.True(await client.ReceiveAsync(new byte[100]).OrGiveUp() > 0);
    }

    private static async Task<Socket> ConnectAsync(IPAddress address, int port, IPAddress? from = null)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        if (from is not null)
        {
            socket.Bind(new IPEndPoint(from, 0));
        }

        await socket.ConnectAsync(address, port).OrGiveUp();
        return socket;
    }
}
