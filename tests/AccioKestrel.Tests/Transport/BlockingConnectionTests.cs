using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace AccioKestrel.Tests.Transport;

public sealed class BlockingConnectionTests : IAsyncLifetime
{
    private ListenerHarness _harness = null!;
    private Socket _client = null!;
    private ConnectionContext _connection = null!;

    private PipeReader Input => _connection.Transport.Input;

    public async ValueTask InitializeAsync()
    {
        _harness = await ListenerHarness.StartAsync();
        (_client, _connection) = await _harness.ConnectAndAcceptAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _connection.DisposeAsync();
        await _harness.DisposeAsync();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4096)]
    [InlineData(4097)]
    [InlineData(5_000_000)]
    [InlineData(50_000_000)]
    public async Task ReadAndDiscard_SameBytes_CountTheSame(int length)
    {
        var bytes = new byte[length];
        Random.Shared.NextBytes(bytes);
        var sending = SendAndEndAsync(_client, bytes);
        Assert.Equal(length, await ListenerHarness.DiscardToEnd(_connection));
        await sending;
        await _connection.DisposeAsync();

        var (client, connection) = await _harness.ConnectAndAcceptAsync();
        using (client)
        await using (connection)
        {
            sending = SendAndEndAsync(client, bytes);
            Assert.Equal(bytes, await ListenerHarness.ReadToEnd(connection));
            await sending;
        }
    }

    [Fact]
    public async Task Discard_AfterARead_CountsWhatTheReadLeft()
    {
        await SendAndEndAsync(_client, new byte[100]);
        var result = await ListenerHarness.OnThread(() => Input.ReadAsync());
        Input.AdvanceTo(result.Buffer.GetPosition(1));
        Assert.Equal(100 - 1, await ListenerHarness.DiscardToEnd(_connection));
    }

    [Fact]
    public async Task Read_ExaminedButNotConsumed_WaitsForMoreAndKeepsAll()
    {
        _client.Send("ab"u8);
        var result = await ListenerHarness.OnThread(() => Input.ReadAsync());
        Input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        var more = ListenerHarness.OnThread(() => Input.ReadAsync());
        _client.Send(new byte[10_000]);
        var buffer = (await more).Buffer;
        Assert.True(buffer.Length > 2);
        Assert.Equal((byte)'a', buffer.FirstSpan[0]);
        Input.AdvanceTo(buffer.Start);

        // Not examined: there at once, also without waiting.
        Assert.True(Input.TryRead(out var again));
        Assert.Equal(buffer.Length, again.Buffer.Length);
    }

    [Fact]
    public async Task Discard_TrickleAfterAFastTransfer_IsSeenWithinHalfASecond()
    {
        // By now the low-water mark is raised, and a byte alone does not wake the receive.
        const int fast = 32 * 1024 * 1024;
        using var totals = new BlockingCollection<long>();
        var discarding = ListenerHarness.DiscardToEnd(_connection, totals.Add);
        for (var sent = 0; sent < fast;)
        {
            sent += await _client.SendAsync(new byte[fast - sent]).WaitAsync(ListenerHarness.Limit);
        }

        Until(fast);
        for (var trickled = 1; trickled <= 3; trickled++)
        {
            var (_, waited) = await OwnWaiting.MeasureAsync(Environment.ProcessId, () =>
            {
                _client.Send(new byte[1]);
                Until(fast + trickled);
            });
            Assert.InRange(waited, TimeSpan.Zero, TimeSpan.FromSeconds(0.5));
        }

        _client.Shutdown(SocketShutdown.Send);
        Assert.Equal(fast + 3, await discarding);

        void Until(long total)
        {
            long next;
            do
            {
                Assert.True(totals.TryTake(out next, ListenerHarness.Limit));
            }
            while (next < total);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    [InlineData(20_000_000)]
    public async Task Discard_Reset_IsToldFromAnEnd(int length)
    {
        var discarding = ListenerHarness.DiscardToEnd(_connection);
        await _client.SendAsync(new byte[length]);
        _client.Close(timeout: 0);
        await Assert.ThrowsAsync<ConnectionResetException>(() => discarding);
    }

    [Fact]
    public async Task Discard_EndBeforeAReset_IsAnEnd()
    {
        Needs.Linux("a kernel that hands out the bytes before a reset");
        // The client has sent everything and closed: what the server still sends to it is answered by a reset.
        _client.Send(new byte[100]);
        _client.Dispose();
        while (!(await _connection.Transport.Output.WriteAsync("accio\r\n"u8.ToArray())).IsCompleted)
        {
            await Task.Yield();
        }

        Assert.Equal(100, await ListenerHarness.DiscardToEnd(_connection));
    }

    [Fact]
    public async Task Write_AfterAReset_Fails()
    {
        _client.Close(timeout: 0);
        await Assert.ThrowsAsync<ConnectionResetException>(async () =>
        {
            while (true)
            {
                await _connection.Transport.Output.WriteAsync("accio\r\n"u8.ToArray());
            }
        });
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task CancelPendingRead_BlockedRead_IsWokenWithoutLosingBytes(bool discard)
    {
        var reading = Wait(discard);
        Input.CancelPendingRead();
        Assert.True(await reading);
        Assert.Equal(0, _client.Available);

        _client.Send("abc"u8);
        _client.Shutdown(SocketShutdown.Send);
        Assert.Equal(3, await ListenerHarness.DiscardToEnd(_connection));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Abort_BlockedRead_IsWokenAndTheClientSeesAReset(bool discard)
    {
        var reading = Wait(discard);
        _connection.Abort(new ConnectionAbortedException());
        await Assert.ThrowsAsync<ConnectionAbortedException>(() => reading);
        await _connection.DisposeAsync();
        Assert.Equal(SocketError.ConnectionReset, Assert.Throws<SocketException>(() => _client.Receive(new byte[1])).SocketErrorCode);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Read_CanceledByItsToken_TakesWhatHasComeAndEndsThoughMoreComes(bool floods)
    {
        // As a stream of TLS does: it reads again and again until it has a whole record to show.
        _client.Send(new byte[10_000]);
        using var flood = new CancellationTokenSource();
        var flooding = floods ? Task.Run(() => FloodAsync(flood.Token)) : Task.CompletedTask;
        var taken = 0L;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ListenerHarness.OnThread<int>(async () =>
        {
            while (true)
            {
                var result = await Input.ReadAsync(new CancellationToken(canceled: true));
                taken += result.Buffer.Length;
                Input.AdvanceTo(result.Buffer.End);
            }
        }));
        Assert.InRange(taken, 10_000, 100_000);

        // The reader can go on. A flood may have filled the buffers or not even have begun: the byte goes out as soon as there is room.
        await flood.CancelAsync();
        await flooding;
        _ = _client.SendAsync("b"u8.ToArray());
        var more = await ListenerHarness.OnThread(() => Input.ReadAsync());
        Assert.False(more.Buffer.IsEmpty);

        async Task FloodAsync(CancellationToken end)
        {
            try
            {
                while (true)
                {
                    await _client.SendAsync(new byte[100_000], end);
                }
            }
            catch (OperationCanceledException)
            {
                // Enough.
            }
        }
    }

    [Fact]
    public async Task Read_CanceledByItsToken_IsWokenThoughBytesTrickleIn()
    {
        using var token = new CancellationTokenSource();
        using var trickle = new Timer(_ => _client.Send(new byte[1]), null, TimeSpan.Zero, TimeSpan.FromMilliseconds(5));
        var reading = ListenerHarness.OnThread<int>(async () =>
        {
            while (true)
            {
                var result = await Input.ReadAsync(token.Token);
                Input.AdvanceTo(result.Buffer.End);
            }
        });
        await token.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
    }

    [Theory]
    [InlineData("cancel")]
    [InlineData("token")]
    [InlineData("abort")]
    public async Task Write_ToAClientThatDoesNotRead_EndsWhenItIsNotWantedAnyMore(string by)
    {
        using var token = new CancellationTokenSource();
        var output = _connection.Transport.Output;
        // More than the kernel has room for.
        var writing = ListenerHarness.OnThread(() => output.WriteAsync(new byte[64 * 1024 * 1024], token.Token));
        Assert.NotSame(writing, await Task.WhenAny(writing, Task.Delay(TimeSpan.FromMilliseconds(300))));
        switch (by)
        {
            case "cancel":
                output.CancelPendingFlush();
                Assert.True((await writing).IsCanceled);
                break;
            case "token":
                await token.CancelAsync();
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writing);
                break;
            default:
                _connection.Abort(new ConnectionAbortedException());
                await Assert.ThrowsAsync<ConnectionAbortedException>(() => writing);
                break;
        }
    }

    [Fact]
    public async Task Abort_AfterTheEnd_IsHarmless()
    {
        await _connection.DisposeAsync();
        _connection.Abort(new ConnectionAbortedException());
        await _connection.DisposeAsync();
        Assert.True(_connection.ConnectionClosed.IsCancellationRequested);
    }

    [Fact]
    public async Task Write_ThroughTheWritersBuffer_ArrivesInOrder()
    {
        var output = _connection.Transport.Output;
        "ab"u8.CopyTo(output.GetSpan(2));
        output.Advance(2);
        await output.WriteAsync("cd"u8.ToArray());
        await output.FlushAsync();
        var received = new byte[10];
        Assert.Equal(4, _client.Receive(received));
        Assert.Equal("abcd"u8, received.AsSpan(0, 4));
    }

    private Task<bool> Wait(bool discard) => ListenerHarness.OnThread(async () => discard
        ? (await ((IDiscardingReader)Input).DiscardAsync()).IsCanceled
        : (await Input.ReadAsync()).IsCanceled);

    private static async Task SendAndEndAsync(Socket client, byte[] bytes)
    {
        for (var sent = 0; sent < bytes.Length;)
        {
            sent += await client.SendAsync(bytes.AsMemory(sent)).AsTask().WaitAsync(ListenerHarness.Limit);
        }

        client.Shutdown(SocketShutdown.Send);
    }
}
