using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace AccioKestrel;

/// <summary>
/// A TCP listener that accepts a connection only after the previous one is over. All others wait, connected, in the
/// kernel's accept queue: it keeps their order, and shows their number as Recv-Q in <c>ss -ltn</c>.
/// </summary>
internal sealed class SequentialListener : IConnectionListener
{
    // Long enough not to spin, short enough that nobody waits noticeably once resources are back.
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    private readonly Socket _socket;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _unbound = new();

    /// <summary>The place of the one connection; it gives it back when it is disposed.</summary>
    private readonly SemaphoreSlim _place = new(initialCount: 1, maxCount: 1);

    public SequentialListener(Socket socket, TimeProvider time, ILogger logger)
    {
        _socket = socket;
        _time = time;
        _logger = logger;
        EndPoint = socket.LocalEndPoint!;
        // A connection blocks one thread of the pool for as long as it lasts. The pool of a machine with one core
        // begins with one, and whatever else the process serves would wait for the pool to notice and make another.
        AddToThreadPool(1);
    }

    public EndPoint EndPoint { get; }

    /// <summary>The next connection, or null once unbound. Does not fail: a failure would end the server's accept loop.</summary>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            await _place.WaitAsync(_unbound.Token);
            return new BlockingConnection(await AcceptSocketAsync(), _place);
        }
        catch (Exception) when (_unbound.IsCancellationRequested)
        {
            // Whatever the closing of the listen socket made of a pending accept.
            return null;
        }
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        if (!_unbound.IsCancellationRequested)
        {
            // In this order: what the socket's closing wakes finds the reason.
            _unbound.Cancel();
            _socket.Dispose();
            AddToThreadPool(-1);
        }

        return ValueTask.CompletedTask;
    }

    // The token source stays: a connection may outlive its listener, and so may an accept that is just returning.
    public ValueTask DisposeAsync() => UnbindAsync();

    private async ValueTask<Socket> AcceptSocketAsync()
    {
        var pause = ShortestPause;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var socket = await _socket.AcceptAsync();
                if (pause > ShortestPause)
                {
                    TransportLog.ResourcesBack(_logger, attempt);
                }

                return socket;
            }
            catch (SocketException exception) when (IsShortage(exception.SocketErrorCode))
            {
                // The client keeps its place in the queue. To try again at once would only burn the processor.
                if (pause == ShortestPause)
                {
                    TransportLog.ShortOfResources(_logger, exception.Message);
                }

                await Task.Delay(pause, _time, _unbound.Token);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
            catch (SocketException exception) when (!_unbound.IsCancellationRequested && !IsGone(exception.SocketErrorCode))
            {
                // This client's connection broke while it waited: the next one's turn.
                TransportLog.ClientLost(_logger, exception.Message);
            }
        }
    }

    private static void AddToThreadPool(int threads)
    {
        ThreadPool.GetMinThreads(out var workers, out var completionPorts);
        ThreadPool.SetMinThreads(workers + threads, completionPorts);
    }

    private static bool IsShortage(SocketError error) =>
        error is SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable or SocketError.ProcessLimit;

    private static bool IsGone(SocketError error) =>
        error is SocketError.NotSocket or SocketError.InvalidArgument or SocketError.OperationAborted or SocketError.Interrupted;
}
