using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;

namespace AccioKestrel.Tests.Transport;

/// <summary>The transport alone, on a real socket of the loopback interface.</summary>
internal sealed class ListenerHarness : IAsyncDisposable
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private ListenerHarness(IConnectionListener listener) => Listener = listener;

    public IConnectionListener Listener { get; }

    public static Task<IConnectionListener> BindAsync(int port = 0)
    {
        var factory = new AccioTransportFactory(
            () => new AccioOptions().Backlog, new BoundListeners(TestMeters.Factory), new ConnectionCounters(TestMeters.Factory),
            TimeProvider.System, NewLifetime(), new UnfailingLogger(NullLogger.Instance));
        return factory.BindAsync(new AccioEndPoint(IPAddress.Loopback, port)).AsTask();
    }

    public static ApplicationLifetime NewLifetime() => new(NullLogger<ApplicationLifetime>.Instance);

    public static async Task<ListenerHarness> StartAsync() => new(await BindAsync());

    /// <summary>Accepts on a thread of its own, as an accept blocks until there is a client.</summary>
    public Task<ConnectionContext?> AcceptAsync() => OnThread(() => Listener.AcceptAsync());

    /// <summary>An accept that has returned no client for so long that it must be waiting.</summary>
    public async Task<Task<ConnectionContext?>> BeginAcceptAsync()
    {
        var accept = AcceptAsync();
        Assert.NotSame(accept, await Task.WhenAny(accept, Task.Delay(TimeSpan.FromMilliseconds(100))));
        return accept;
    }

    public async Task<Socket> ConnectAsync()
    {
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = (int)Limit.TotalMilliseconds };
        await client.ConnectAsync(Listener.EndPoint).WaitAsync(Limit);
        return client;
    }

    /// <summary>A client and the connection that the listener made of it.</summary>
    public async Task<(Socket Client, ConnectionContext Connection)> ConnectAndAcceptAsync()
    {
        var client = await ConnectAsync();
        return (client, Assert.IsType<BlockingConnection>(await AcceptAsync()));
    }

    /// <summary>A read that blocks its thread, on a thread of its own.</summary>
    public static Task<T> OnThread<T>(Func<ValueTask<T>> read) =>
        Task.Factory.StartNew(() => read().AsTask(), default, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap().WaitAsync(Limit);

    /// <summary>Discards up to the end, and tells how much, also while it goes on.</summary>
    public static Task<long> DiscardToEnd(ConnectionContext connection, Action<long>? progress = null) => OnThread(async () =>
    {
        var input = (IDiscardingReader)connection.Transport.Input;
        var count = 0L;
        DiscardResult result;
        do
        {
            result = await input.DiscardAsync();
            count += result.Count;
            progress?.Invoke(count);
        }
        while (!result.IsCompleted);
        return count;
    });

    /// <summary>Reads up to the end through the pipe, and returns what came.</summary>
    public static Task<byte[]> ReadToEnd(ConnectionContext connection) => OnThread(async () =>
    {
        var bytes = new ArrayBufferWriter<byte>();
        while (true)
        {
            var result = await connection.Transport.Input.ReadAsync();
            foreach (var piece in result.Buffer)
            {
                bytes.Write(piece.Span);
            }

            connection.Transport.Input.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
            {
                return bytes.WrittenSpan.ToArray();
            }
        }
    });

    public ValueTask DisposeAsync() => Listener.DisposeAsync();
}
