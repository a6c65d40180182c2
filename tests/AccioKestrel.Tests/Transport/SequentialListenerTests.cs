using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

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
    public async Task Accept_AfterAConnectionWhoseMiddlewareThrowsAtItsEnd_GoesOn()
    {
        await using var harness = await ListenerHarness.StartAsync();
        var (first, connection) = await harness.ConnectAndAcceptAsync();
        connection.ConnectionClosed.Register(() => throw new InvalidOperationException("A defect of middleware."));

        await connection.DisposeAsync();

        using var second = await harness.ConnectAsync();
        await using var next = await harness.AcceptAsync();
        Assert.Equal(second.LocalEndPoint, next!.RemoteEndPoint);
        first.Dispose();
    }

    [Fact]
    public async Task Accept_ClientThatGaveUpWhileItWaited_CostsNoOtherClientItsTurn()
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
        Needs.Linux("the shutdown of a listening socket, which is an error elsewhere");
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        socket.Listen();
        var lifetime = ListenerHarness.NewLifetime();
        await using var listener = SequentialListener.Start(
            new AcceptQueue(socket), new BoundListeners(TestMeters.Factory), new ConnectionCounters(TestMeters.Factory), TimeProvider.System, lifetime, new UnfailingLogger(NullLogger.Instance));
        socket.Shutdown(SocketShutdown.Both);

        Assert.Null(await ListenerHarness.OnThread(() => listener.AcceptAsync()));
        Assert.True(lifetime.ApplicationStopping.IsCancellationRequested);
    }

    [Fact]
    public async Task Accept_WithALoggerThatThrows_GoesOn()
    {
        // Each accept fails by an exception that is no socket error, and that is logged.
        using var socket = NewDeafSocket();
        var counters = new ConnectionCounters(TestMeters.Factory);
        var lifetime = ListenerHarness.NewLifetime();
        await using var listener = SequentialListener.Start(
            new AcceptQueue(socket), new BoundListeners(TestMeters.Factory), counters, TimeProvider.System, lifetime, new UnfailingLogger(new ThrowingLogger()));
        var accept = ListenerHarness.OnThread(() => listener.AcceptAsync());
        while (counters.Shortages < 3)
        {
            Assert.False(accept.IsCompleted);
            await Task.Delay(TimeSpan.FromMilliseconds(5));
        }

        Assert.True(listener.IsAccepting);
        await listener.UnbindAsync();
        Assert.Null(await accept);
        Assert.False(lifetime.ApplicationStopping.IsCancellationRequested);
    }

    [Fact]
    public async Task Accept_OfAClientWithoutAnAddress_CostsNoOtherClientItsTurn()
    {
        var counters = new ConnectionCounters(TestMeters.Factory);
        await using var listener = SequentialListener.Start(
            new AddresslessClientFirst(), new BoundListeners(TestMeters.Factory), counters, TimeProvider.System, ListenerHarness.NewLifetime(), new UnfailingLogger(NullLogger.Instance));
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(listener.EndPoint);

        await using var connection = await ListenerHarness.OnThread(() => listener.AcceptAsync());

        Assert.Equal(client.LocalEndPoint, connection!.RemoteEndPoint);
        Assert.Equal((1, 0), (counters.AcceptErrors, counters.Shortages));
    }

    [Fact]
    public async Task Accept_ThatCannotBeTriedAgain_StopsTheApplication()
    {
        using var socket = NewDeafSocket();
        var lifetime = ListenerHarness.NewLifetime();
        await using var listener = SequentialListener.Start(
            new AcceptQueue(socket), new BoundListeners(TestMeters.Factory), new ConnectionCounters(TestMeters.Factory), new TimeWithoutTimers(), lifetime, new UnfailingLogger(new ThrowingLogger()));

        Assert.Null(await ListenerHarness.OnThread(() => listener.AcceptAsync()));
        Assert.True(lifetime.ApplicationStopping.IsCancellationRequested);
    }

    [Fact]
    public async Task IsAccepting_WhenTheServersLoopHasEnded_IsFalse()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        socket.Listen();
        var time = new FakeTimeProvider();
        var listeners = new BoundListeners(TestMeters.Factory);
        await using var listener = SequentialListener.Start(
            new AcceptQueue(socket), listeners, new ConnectionCounters(TestMeters.Factory), time, ListenerHarness.NewLifetime(), new UnfailingLogger(NullLogger.Instance));
        Assert.True(listeners.AreAccepting);
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(listener.EndPoint);
        await using var connection = await ListenerHarness.OnThread(() => listener.AcceptAsync());
        Assert.True(listeners.AreAccepting);

        time.Advance(TimeSpan.FromSeconds(6));
        Assert.False(listeners.AreAccepting);

        var accept = ListenerHarness.OnThread(() => listener.AcceptAsync());
        await Patience.UntilEqual(true, () => listeners.AreAccepting);
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.True(listeners.AreAccepting);
        await listener.UnbindAsync();
        Assert.Null(await accept);
        Assert.False(listeners.AreAccepting);
    }

    [Fact]
    public void Factory_OtherEndPoints_AreLeftToOtherTransports()
    {
        var factory = new AccioTransportFactory(null!, null!, null!, null!, null!, null!);
        Assert.True(factory.CanBind(new AccioEndPoint(IPAddress.Any, 0)));
        Assert.False(factory.CanBind(new IPEndPoint(IPAddress.Any, 0)));
    }

    /// <summary>A socket that does not listen, which the runtime finds before the kernel is asked.</summary>
    private static Socket NewDeafSocket()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }

    /// <summary>The first client is one as on macOS, whose address is empty because it has reset its connection.</summary>
    private sealed class AddresslessClientFirst() : AcceptQueue(ListenSocket.Create(new IPEndPoint(IPAddress.Loopback, 0), backlog: 1, _ => { }))
    {
        private bool _hasThrown;

        public override Socket? Accept(CancellationToken stopping)
        {
            if (_hasThrown)
            {
                return base.Accept(stopping);
            }

            _hasThrown = true;
            throw new ArgumentException("The supplied SocketAddress is an invalid size for the IPEndPoint end point.", nameof(stopping));
        }
    }

    private sealed class TimeWithoutTimers : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            dueTime == Timeout.InfiniteTimeSpan ? base.CreateTimer(callback, state, dueTime, period) : throw new InvalidOperationException("No timers here.");
    }
}
