using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace AccioKestrel.Checker;

/// <summary>A bad network by itself: it stands between clients and a server, and hands on what comes as an <see cref="Emulation"/> says.</summary>
internal sealed class Relay : IAsyncDisposable
{
    // A lost piece is sent again when the sender's timer ends, which takes 200 ms at the least on Linux.
    private static readonly TimeSpan s_retransmission = TimeSpan.FromMilliseconds(200);

    /// <summary>Pieces under way in one direction, so that a sender is held up as by a real network.</summary>
    private const int Window = 64;

    private readonly Socket _listener;
    private readonly EndPoint _target;
    private readonly Emulation _emulation;
    private readonly int _seed;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;
    private readonly TaskCompletionSource<bool> _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _bytes;
    private int _pieces;
    private int _lost;

    public Relay(IPEndPoint listen, EndPoint target, Emulation emulation, int seed)
    {
        _target = target;
        _emulation = emulation;
        _seed = seed;
        _listener = new Socket(listen.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            _listener.Bind(listen);
            _listener.Listen(512);
        }
        catch
        {
            _listener.Dispose();
            _stop.Dispose();
            throw;
        }

        _accepting = AcceptAsync();
    }

    public IPEndPoint EndPoint => (IPEndPoint)_listener.LocalEndPoint!;

    /// <summary>Completed when the first connection is over: whether all that was sent over it has been handed on.</summary>
    public Task<bool> IsFirstComplete => _first.Task;

    /// <summary>What it has done so far.</summary>
    public string Summary => $"{Size.Of(Interlocked.Read(ref _bytes))} in {Volatile.Read(ref _pieces)} pieces, {Volatile.Read(ref _lost)} of them late by a retransmission";

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            for (var number = 0; ; number++)
            {
                var client = await _listener.AcceptAsync(_stop.Token);
                connections.RemoveAll(connection => connection.IsCompleted);
                connections.Add(RelayAsync(client, number));
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task RelayAsync(Socket client, int number)
    {
        client.NoDelay = true;
        using var server = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using var _ = client;
        try
        {
            await server.ConnectAsync(_target, _stop.Token);
            var up = RelayAsync(client, server, _emulation.Up, new Random(unchecked((_seed * 31) + (2 * number))));
            var down = RelayAsync(server, client, _emulation.Down, new Random(unchecked((_seed * 31) + (2 * number) + 1)));
            // An error in one direction is one of the connection, so it ends both.
            await (await Task.WhenAny(up, down));
            await Task.WhenAll(up, down);
            _first.TrySetResult(true);
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException or ObjectDisposedException or ChannelClosedException)
        {
            _first.TrySetResult(false);
            client.Close(timeout: 0);
            server.Close(timeout: 0);
        }
    }

    /// <summary>Hands on all that comes in one direction, and then its end.</summary>
    private async Task RelayAsync(Socket from, Socket to, DirectionEmulation emulation, Random random)
    {
        var underway = Channel.CreateBounded<(byte[] Bytes, long Arrival)>(Window);
        var arriving = ArriveAsync(to, emulation, underway.Reader);
        try
        {
            var clock = new ArrivalClock(emulation, random, s_retransmission);
            var buffer = new byte[emulation.Slice > 0 ? Math.Min(emulation.Slice, 16 * 1024) : 16 * 1024];
            var total = 0L;
            while (await from.ReceiveAsync(buffer, _stop.Token) is > 0 and var count)
            {
                total += count;
                Interlocked.Add(ref _bytes, count);
                Interlocked.Increment(ref _pieces);
                var (arrival, isLost) = clock.Next(count, total);
                if (isLost)
                {
                    Interlocked.Increment(ref _lost);
                }

                if (emulation.ResetAfter >= 0 && total > emulation.ResetAfter)
                {
                    throw new OperationCanceledException("The emulated network resets the connection.");
                }

                await WriteAsync((buffer[..count], arrival));
            }

            await WriteAsync(([], clock.End()));
        }
        finally
        {
            underway.Writer.TryComplete();
        }

        await arriving;

        // The far side may break first; then there is no reader any more.
        async Task WriteAsync((byte[] Bytes, long Arrival) piece)
        {
            var writing = underway.Writer.WriteAsync(piece, _stop.Token).AsTask();
            if (await Task.WhenAny(writing, arriving) == arriving)
            {
                await arriving;
            }

            await writing;
        }
    }

    private async Task ArriveAsync(Socket to, DirectionEmulation emulation, ChannelReader<(byte[] Bytes, long Arrival)> underway)
    {
        await foreach (var (bytes, arrival) in underway.ReadAllAsync(_stop.Token))
        {
            if (Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), arrival) is { Ticks: > 0 } wait)
            {
                await Task.Delay(wait + TimeSpan.FromMilliseconds(0.5), _stop.Token);
            }

            if (bytes.Length == 0)
            {
                to.Shutdown(SocketShutdown.Send);
                return;
            }

            for (ReadOnlyMemory<byte> rest = bytes; !rest.IsEmpty;)
            {
                rest = rest[await to.SendAsync(rest, _stop.Token)..];
            }

            if (emulation.Slice > 0)
            {
                // Lets the receiver see each slice alone.
                await Task.Delay(1, _stop.Token);
            }
        }
    }
}
