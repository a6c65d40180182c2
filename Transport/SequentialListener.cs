using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Hosting;
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
    private readonly PassedSocket? _passed;
    private readonly TimeProvider _time;
    private readonly AccioListeners _listeners;
    private readonly IHostApplicationLifetime _lifetime;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _unbound = new();

    /// <summary>Lent to one connection after the other.</summary>
    private readonly byte[] _buffer = new byte[4096];

    /// <summary>
    /// Completed while there is room for a connection. Its continuation runs inline, so the thread that has served one
    /// client accepts the next: handing over to another thread would cost more than a small exchange itself.
    /// </summary>
    private volatile TaskCompletionSource _room = new();

    /// <summary>Listens on a socket that the process was started with, and leaves its queue to others in the end.</summary>
    public SequentialListener(
        PassedSocket passed, AccioListeners listeners, TimeProvider time, IHostApplicationLifetime lifetime, ILogger logger)
        : this(passed.Socket, listeners, time, lifetime, logger) => _passed = passed;

    public SequentialListener(
        Socket socket, AccioListeners listeners, TimeProvider time, IHostApplicationLifetime lifetime, ILogger logger)
    {
        _socket = socket;
        _listeners = listeners;
        _time = time;
        _lifetime = lifetime;
        _logger = logger;
        EndPoint = socket.LocalEndPoint!;
        FindLostClients(socket);
        _room.SetResult();
        // One thread of the pool is always blocked, in accept or in receive. The pool of a machine with one core begins
        // with one, and whatever else the process serves would wait for the pool to notice and make another.
        AddToThreadPool(1);
        listeners.Add(this);
    }

    public EndPoint EndPoint { get; }

    /// <summary>How many clients wait in the kernel's accept queue. Linux only; 0 once unbound.</summary>
    public int Waiting
    {
        get
        {
            // Of a listening socket, the field tcpi_unacked of TCP_INFO is the length of its accept queue.
            const int tcpInfo = 11;
            const int offset = 24;
            Span<byte> info = stackalloc byte[offset + sizeof(int)];
            try
            {
                _ = _socket.GetRawSocketOption((int)SocketOptionLevel.Tcp, tcpInfo, info);
                return MemoryMarshal.Read<int>(info[offset..]);
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                return 0;
            }
        }
    }

    /// <summary>The next connection, or null once unbound. Does not fail: a failure would end the server's accept loop.</summary>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            if (!_unbound.IsCancellationRequested)
            {
                await _room.Task;
            }

            if (await AcceptSocketAsync() is not { } socket)
            {
                return null;
            }

            _room = new TaskCompletionSource();
            return new BlockingConnection(socket, _buffer, _room);
        }
        catch (Exception) when (_unbound.IsCancellationRequested)
        {
            // Whatever the closing of the listen socket made of an accept.
            return null;
        }
        catch (Exception exception) when (IsGone(exception))
        {
            _listeners.Remove(this);
            // Not by us, and there is no way back. A process that lives on without listening would look well to whoever
            // watches it; one that ends is started again.
            AccioLog.ListenerGone(_logger, EndPoint, exception.Message);
            Environment.ExitCode = ExitCode.Failure;
            _lifetime.StopApplication();
            return null;
        }
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        if (!_unbound.IsCancellationRequested)
        {
            // In this order: what the socket's closing wakes finds the reason.
            _listeners.Remove(this);
            _unbound.Cancel();
            ((IDisposable?)_passed ?? _socket).Dispose();
            _room.TrySetResult();
            AddToThreadPool(-1);
        }

        return ValueTask.CompletedTask;
    }

    // The token source stays: a connection may outlive its listener, and so may an accept that is just returning.
    public ValueTask DisposeAsync() => UnbindAsync();

    /// <returns>The next client's socket, or null once the application stops.</returns>
    private async ValueTask<Socket?> AcceptSocketAsync()
    {
        var pause = ShortestPause;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                _passed?.WaitForClient();
                if (_lifetime.ApplicationStopping.IsCancellationRequested)
                {
                    // Whoever is accepted now would not be served any more; in the queue of a passed socket, by the next
                    // process. So at most one client is lost: the one that the stop finds between here and its exchange.
                    return null;
                }

                // Blocks: an asynchronous accept would wake the runtime's polling thread for every client that connects.
                var socket = _socket.Accept();
                if (!BlockingConnection.TryPrepare(socket))
                {
                    _listeners.ClientLost();
                    AccioLog.ClientLost(_logger, "reset before it was its turn");
                    continue;
                }

                if (pause > ShortestPause)
                {
                    AccioLog.ResourcesBack(_logger, attempt);
                }

                return socket;
            }
            catch (SocketException exception) when (_passed is not null && exception.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock)
            {
                // Another process that accepts from the same socket was faster.
            }
            catch (SocketException exception) when (IsOfTheClient(exception.SocketErrorCode))
            {
                // Its connection broke while it waited: the next one's turn. The pause is for a kernel that says so without end.
                _listeners.ClientLost();
                AccioLog.ClientLost(_logger, exception.Message);
                await Task.Delay(ShortestPause, _time, _unbound.Token);
            }
            catch (SocketException exception) when (!_unbound.IsCancellationRequested && !IsGone(exception))
            {
                // Too few descriptors, or too little memory, which the runtime calls an unknown error: in any case nothing
                // that the client has done, so it keeps its place. To try again at once would only burn the processor.
                _listeners.ShortOfResources();
                if (pause == ShortestPause)
                {
                    AccioLog.ShortOfResources(_logger, exception.Message);
                }

                await Task.Delay(pause, _time, _unbound.Token);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
        }
    }

    /// <summary>
    /// Lets the kernel ask whoever has been quiet whether they are still there; connections inherit it. A client whose
    /// machine has gone without a word would keep its place in the queue, and hold the turn for the whole idle time-out.
    /// </summary>
    private static void FindLostClients(Socket socket)
    {
        // Found after 22 s, and by so many probes that a network which loses every third segment hardly ever makes one look
        // lost that is there. It costs a segment every ten seconds of those who wait, and nothing of who sends.
        const int idleSeconds = 10;
        const int intervalSeconds = 2;
        const int probes = 6;
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, idleSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, intervalSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, probes);
    }

    private static void AddToThreadPool(int threads)
    {
        ThreadPool.GetMinThreads(out var workers, out var completionPorts);
        ThreadPool.SetMinThreads(workers + threads, completionPorts);
    }

    /// <summary>Whether an accept only passes on what has become of the client's connection: see accept(2), "Error handling".</summary>
    private static bool IsOfTheClient(SocketError error) => error is
        SocketError.ConnectionAborted or SocketError.ConnectionReset or SocketError.TimedOut or SocketError.AccessDenied
        or SocketError.NetworkDown or SocketError.NetworkUnreachable or SocketError.HostDown or SocketError.HostUnreachable
        or SocketError.ProtocolOption or SocketError.OperationNotSupported;

    private static bool IsGone(Exception exception) => exception is ObjectDisposedException or SocketException
    {
        SocketErrorCode: SocketError.NotSocket or SocketError.InvalidArgument or SocketError.OperationAborted or SocketError.Interrupted
    };
}
