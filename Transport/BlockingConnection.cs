using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace AccioKestrel.Transport;

/// <summary>
/// A connection whose reads and writes block the calling thread. There is only one connection at a time, so one blocked thread
/// costs less than the wake-ups of asynchronous operations.
/// </summary>
/// <remarks>
/// No asynchronous operation may ever be started on the socket: the runtime would make the socket non-blocking for good, and route
/// even blocking calls through its polling thread.
/// </remarks>
internal sealed class BlockingConnection : ConnectionContext, IDuplexPipe
{
    /// <summary>
    /// How long a receive or send blocks in the kernel before it checks for cancellation. Also bounds how late bytes below a raised
    /// low-water mark are seen.
    /// </summary>
    public static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);

    private static uint s_connections;

    private readonly Socket _socket;
    private readonly TaskCompletionSource _hasEnded;
    private readonly BlockingPipeReader _input;
    private CancellationTokenSource? _closed;
    private string? _id;
    private EndPoint? _localEndPoint;
    private IDictionary<object, object?>? _items;
    private int _disposed;

    /// <param name="socket">The prepared socket, which the connection owns from now on.</param>
    /// <param name="buffer">The receive buffer, which the connection uses until it is disposed.</param>
    /// <param name="hasEnded">Completed when the connection is disposed.</param>
    /// <param name="heartbeat">Beats at each pass of a receive or send loop.</param>
    public BlockingConnection(Socket socket, byte[] buffer, TaskCompletionSource hasEnded, Heartbeat heartbeat)
    {
        _socket = socket;
        _hasEnded = hasEnded;
        _input = new BlockingPipeReader(socket, buffer, heartbeat);
        Output = new BlockingPipeWriter(socket, _input, heartbeat);
        Transport = this;
        RemoteEndPoint = socket.RemoteEndPoint;
    }

    /// <summary>Sets the options that an accepted socket does not inherit from its listen socket.</summary>
    /// <returns>False if the client has reset the connection and the system therefore rejects the option. The socket is then disposed.</returns>
    public static bool TryPrepare(Socket accepted)
    {
        try
        {
            PlatformSocket.PrepareAccepted(accepted);
            return true;
        }
        catch (SocketException)
        {
            accepted.Dispose();
            return false;
        }
    }

    public PipeReader Input => _input;

    public PipeWriter Output { get; }

    public override IDuplexPipe Transport { get; set; }

    /// <summary>Has room for the four features that Kestrel adds, so that the collection does not grow.</summary>
    public override IFeatureCollection Features { get; } = new FeatureCollection(initialCapacity: 4);

    public override string ConnectionId
    {
        get => _id ??= Interlocked.Increment(ref s_connections).ToString("X8", CultureInfo.InvariantCulture);
        set => _id = value;
    }

    public override EndPoint? LocalEndPoint
    {
        get => _localEndPoint ??= _socket.LocalEndPoint;
        set => _localEndPoint = value;
    }

    /// <summary>
    /// Canceled when the connection is disposed; a reset of the client is reported by its reads and writes. Created on first use: the exchange
    /// does not need it, only middleware of a host might.
    /// </summary>
    public override CancellationToken ConnectionClosed
    {
        get
        {
            var closed = LazyInitializer.EnsureInitialized(ref _closed);
            if (Volatile.Read(ref _disposed) == 1)
            {
                // DisposeAsync may have looked for the source just before it was there.
                _ = closed.CancelAsync();
            }

            return closed.Token;
        }

        set => throw new NotSupportedException();
    }

    public override IDictionary<object, object?> Items
    {
        get => _items ??= new ConnectionItems();
        set => _items = value;
    }

    /// <summary>Ends the connection with a reset, and wakes a blocked read. Callable from any thread.</summary>
    public override void Abort(ConnectionAbortedException abortReason) => _input.Abort(abortReason);

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            if (_input.IsAborted)
            {
                _socket.Close(timeout: 0);
            }
            else
            {
                _socket.Dispose();
            }

            // On another thread: what middleware has registered may throw or block, and the listener would never accept the next client.
            _ = Volatile.Read(ref _closed)?.CancelAsync();
            _hasEnded.TrySetResult();
        }
    }
}
