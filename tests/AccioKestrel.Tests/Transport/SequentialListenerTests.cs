using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;

namespace AccioKestrel.Tests.Transport;

public sealed class SequentialListenerTests
{
    [Fact]
    public async Task Accept_AfterUnbind_ReturnsNull()
    {
        await using var harness = await ListenerHarness.StartAsync();
        await harness.Listener.UnbindAsync();
        Assert.Null(await harness.AcceptAsync());
    }

    [Fact]
    public async Task Unbind_DuringAccept_EndsItWithNull()
    {
        await using var harness = await ListenerHarness.StartAsync();
        var accept = await harness.BeginAcceptAsync();
        await harness.Listener.UnbindAsync();
        Assert.Null(await accept);
    }

    [Fact]
    public async Task Dispose_DuringAccept_EndsItWithNull()
    {
        var harness = await ListenerHarness.StartAsync();
        var accept = await harness.BeginAcceptAsync();
        await harness.DisposeAsync();
        Assert.Null(await accept);
    }

    [Fact]
    public async Task Unbind_WhileAConnectionIsServed_EndsTheWaitForItsPlace()
    {
        await using var harness = await ListenerHarness.StartAsync();
        var (client, connection) = await harness.ConnectAndAcceptAsync();
        using var _ = client;
        var accept = await harness.BeginAcceptAsync();
        await harness.Listener.UnbindAsync();
        Assert.Null(await accept);
        await connection.DisposeAsync();
    }

    [Fact]
    public async Task UnbindAndDispose_TwiceAndInAnyOrder_AreHarmless()
    {
        var harness = await ListenerHarness.StartAsync();
        await harness.DisposeAsync();
        await harness.Listener.UnbindAsync();
        await harness.DisposeAsync();
    }

    [Fact]
    public async Task Bind_AddressInUse_SaysSo()
    {
        await using var harness = await ListenerHarness.StartAsync();
        var port = ((IPEndPoint)harness.Listener.EndPoint).Port;
        await Assert.ThrowsAsync<AddressInUseException>(() => ListenerHarness.BindAsync(port));
    }

    [Fact]
    public async Task Accept_WhileAConnectionIsServed_WaitsUntilItIsDisposed()
    {
        await using var harness = await ListenerHarness.StartAsync();
        var (first, connection) = await harness.ConnectAndAcceptAsync();
        using var second = await harness.ConnectAsync();
        var accept = await harness.BeginAcceptAsync();

        await connection.DisposeAsync();
        await using var next = await accept;
        Assert.Equal(second.LocalEndPoint, next!.RemoteEndPoint);
        first.Dispose();
    }

    [Fact]
    public async Task Accept_ClientThatGaveUpWhileItWaited_CostsNobodyTheirTurn()
    {
        await using var harness = await ListenerHarness.StartAsync();
        var impatient = await harness.ConnectAsync();
        using var patient = await harness.ConnectAsync();
        impatient.Close(timeout: 0);

        // Linux hands it out all the same; its reset shows with the first read.
        await using (var reset = await harness.AcceptAsync())
        {
            await Assert.ThrowsAsync<ConnectionResetException>(() => ListenerHarness.DiscardToEnd(reset!));
        }

        await using var next = await harness.AcceptAsync();
        Assert.Equal(patient.LocalEndPoint, next!.RemoteEndPoint);
    }

    [Fact]
    public async Task Accept_ListenSocketGone_StopsTheApplication()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        socket.Listen();
        var lifetime = ListenerHarness.NewLifetime();
        await using var listener = new SequentialListener(socket, new AccioListeners(TestMeters.Factory), TimeProvider.System, lifetime, NullLogger.Instance);
        socket.Shutdown(SocketShutdown.Both);

        Assert.Null(await ListenerHarness.OnThread(() => listener.AcceptAsync()));
        Assert.True(lifetime.ApplicationStopping.IsCancellationRequested);
        Assert.Equal(1, Environment.ExitCode);
        Environment.ExitCode = 0;
    }

    [Fact]
    public void Factory_OtherEndPoints_AreLeftToOtherTransports()
    {
        var factory = new AccioTransportFactory(null!, null!, null!, null!, null!);
        Assert.True(factory.CanBind(new AccioEndPoint(IPAddress.Any, 0)));
        Assert.False(factory.CanBind(new IPEndPoint(IPAddress.Any, 0)));
    }
}
