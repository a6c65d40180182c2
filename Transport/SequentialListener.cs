using System.Net;
using System.Net.Sockets;
using AccioKestrel.Diagnostics;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Hosting;

namespace AccioKestrel.Transport;

/// <summary>
/// A TCP listener that accepts a connection only after the previous one was disposed. All other clients wait, connected, in the
/// kernel's accept queue, which keeps their order; <c>ss -ltn</c> shows its length as Recv-Q.
/// </summary>
internal sealed class SequentialListener : IConnectionListener
{
    private readonly BoundListeners _listeners;
    private readonly ConnectionCounters _counters;
    private readonly TimeProvider _time;
    private readonly IHostApplicationLifetime _lifetime;
    private readonly UnfailingLogger _logger;
    private readonly AcceptLoopWatchdog _watchdog;
    private readonly CancellationTokenSource _unbound = new();

    /// <summary>The receive buffer of the connection in progress. One is enough, because connections follow each other.</summary>
    private readonly byte[] _buffer = new byte[4096];

    /// <summary>
    /// Completed when the previous connection was disposed. Its continuation runs inline, so the thread that has served one client
    /// accepts the next: a switch to another thread would cost more than a small exchange.
    /// </summary>
    private volatile TaskCompletionSource _previousEnded = new();

    private SequentialListener(
        AcceptQueue queue, BoundListeners listeners, ConnectionCounters counters, TimeProvider time, IHostApplicationLifetime lifetime, UnfailingLogger logger,
        EndPointTls tls)
    {
        Queue = queue;
        _listeners = listeners;
        _counters = counters;
        _time = time;
        _lifetime = lifetime;
        _logger = logger;
        _watchdog = new AcceptLoopWatchdog(time, OnAcceptLoopEnded);
        _previousEnded.SetResult();
        EndPoint = queue.EndPoint;
        Tls = tls;
    }

    public EndPoint EndPoint { get; }

    public EndPointTls Tls { get; }

    /// <summary>The clients that wait.</summary>
    public AcceptQueue Queue { get; }

    /// <summary>Whether a client's connection is open.</summary>
    public bool IsServing => !_previousEnded.Task.IsCompleted;

    /// <summary>Whether Kestrel's accept loop is running.</summary>
    public bool IsAccepting => _watchdog.IsLoopRunning;

    /// <summary>Begins to serve the clients of a queue, which the listener owns from now on.</summary>
    public static SequentialListener Start(
        AcceptQueue queue, BoundListeners listeners, ConnectionCounters counters, TimeProvider time, IHostApplicationLifetime lifetime, UnfailingLogger logger,
        EndPointTls tls = EndPointTls.None)
    {
        var listener = new SequentialListener(queue, listeners, counters, time, lifetime, logger, tls);
        listener._watchdog.Start();
        // One thread of the pool is always blocked, in accept or in receive. On a machine with one core the pool starts with a single
        // thread, and all other work of the process would wait until the pool adds one.
        AddToThreadPool(1);
        listeners.Add(listener);
        return listener;
    }

    /// <summary>The next connection, or null once the listener stops or its socket is gone. Never throws: Kestrel's accept loop would end, and the server would not stop.</summary>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        _watchdog.AcceptBegins();
        try
        {
            if (!_unbound.IsCancellationRequested)
            {
                await _previousEnded.Task;
            }

            return await AcceptConnectionAsync();
        }
        catch (Exception) when (_unbound.IsCancellationRequested)
        {
            // Closing the listen socket has ended the accept, with an exception that depends on the moment.
            return null;
        }
        catch (Exception exception)
        {
            // The listen socket was closed, but not by UnbindAsync, and cannot be restored. Or the delay before a retry has failed.
            StopServer(exception.Message);
            return null;
        }
        finally
        {
            _watchdog.AcceptReturns();
        }
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        if (!_unbound.IsCancellationRequested)
        {
            // Cancel before closing the socket: the accept that the close wakes must see that it was an unbind.
            _listeners.Remove(this);
            _unbound.Cancel();
            Queue.Dispose();
            _watchdog.Dispose();
            _previousEnded.TrySetResult();
            AddToThreadPool(-1);
        }

        return ValueTask.CompletedTask;
    }

    // The token source is not disposed: an accept that is just returning still uses its token.
    public ValueTask DisposeAsync() => UnbindAsync();

    /// <returns>The next client's connection, or null once the application stops.</returns>
    private async ValueTask<BlockingConnection?> AcceptConnectionAsync()
    {
        var shortage = new Backoff();
        while (true)
        {
            _listeners.Heartbeat.Beat();
            try
            {
                // At most one client is lost by a stop: one that is between here and its exchange when the application stops.
                if (Queue.Accept(_lifetime.ApplicationStopping) is not { } socket)
                {
                    return null;
                }

                if (!BlockingConnection.TryPrepare(socket))
                {
                    ClientLost("reset before it was its turn");
                    continue;
                }

                if (shortage.Failures > 0)
                {
                    AccioLog.ResourcesBack(_logger, shortage.Failures);
                }

                return Connect(socket);
            }
            catch (Exception exception) when (!_unbound.IsCancellationRequested)
            {
                switch (Classify(exception))
                {
                    case AcceptError.Client:
                        ClientLost(exception.Message);
                        // A kernel that reports this error without end would otherwise burn the processor.
                        await Task.Delay(Backoff.Shortest, _time, _unbound.Token);
                        break;
                    case AcceptError.Shortage:
                        _counters.ShortOfResources();
                        if (shortage.Failures == 0)
                        {
                            AccioLog.ShortOfResources(_logger, exception);
                        }

                        shortage.Fail();
                        await Task.Delay(shortage.Pause, _time, _unbound.Token);
                        break;
                    default:
                        throw;
                }
            }
        }
    }

    private BlockingConnection Connect(Socket socket)
    {
        try
        {
            // The accept may have waited for hours: its beat is not one of this connection.
            _listeners.Heartbeat.Beat();
            var hasEnded = new TaskCompletionSource();
            var connection = new BlockingConnection(socket, _buffer, hasEnded, _listeners.Heartbeat);
            _previousEnded = hasEnded;
            return connection;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private void ClientLost(string reason)
    {
        _counters.ClientLost();
        AccioLog.ClientLost(_logger, reason);
    }

    private void OnAcceptLoopEnded()
    {
        if (!_unbound.IsCancellationRequested && !_lifetime.ApplicationStopping.IsCancellationRequested)
        {
            StopServer("the accept loop of the server has ended");
        }
    }

    /// <summary>Stops the application. A process that no longer accepts clients would look alive; one that ends is restarted by the service manager.</summary>
    private void StopServer(string reason)
    {
        _listeners.Remove(this);
        AccioLog.ListenerGone(_logger, EndPoint, reason);
        _lifetime.StopApplication();
    }

    private static AcceptError Classify(Exception exception) => exception switch
    {
        ObjectDisposedException => AcceptError.ListenerGone,
        SocketException { SocketErrorCode: SocketError.NotSocket or SocketError.InvalidArgument or SocketError.OperationAborted or SocketError.Interrupted } =>
            AcceptError.ListenerGone,
        // What accept(2) on Linux reports of the client's connection: see its "Error handling". On Windows a client that has reset its
        // connection is accepted, and then not connected.
        SocketException
        {
            SocketErrorCode: SocketError.ConnectionAborted or SocketError.ConnectionReset or SocketError.TimedOut or SocketError.AccessDenied
                or SocketError.NetworkDown or SocketError.NetworkUnreachable or SocketError.HostDown or SocketError.HostUnreachable
                or SocketError.ProtocolOption or SocketError.OperationNotSupported or SocketError.NotConnected
        } => AcceptError.Client,
        // On macOS the address of a client that has reset its connection can be empty, which the runtime takes for a wrong argument
        // (dotnet/runtime#121848).
        ArgumentException => AcceptError.Client,
        // The runtime reports ENOMEM as an unknown error. An unforeseen exception is not the client's doing either.
        _ => AcceptError.Shortage,
    };

    private static void AddToThreadPool(int threads)
    {
        ThreadPool.GetMinThreads(out var workers, out var completionPorts);
        ThreadPool.SetMinThreads(workers + threads, completionPorts);
    }
}
