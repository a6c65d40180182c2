using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace AccioKestrel;

/// <summary>
/// A connection whose reads and writes block the thread that asks for them. There is only ever one at a time, so the
/// one thread it holds costs less than the wake-ups that asynchronous operations need.
/// </summary>
/// <remarks>
/// No asynchronous operation may ever be started on its socket: the runtime would make it non-blocking for good, and
/// serve even blocking calls by way of its own polling thread.
/// </remarks>
internal sealed class BlockingConnection : ConnectionContext, IDuplexPipe
{
    /// <summary>
    /// A blocked receive returns after so long to look whether it is still wanted. It bounds how late a canceled read is
    /// noticed, and how late a trickle below a raised low-water mark is seen.
    /// </summary>
    public static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);

    private static uint s_connections;

    private readonly Socket _socket;
    private readonly TaskCompletionSource _over;
    private readonly BlockingPipeReader _input;
    private CancellationTokenSource? _closed;
    private string? _id;
    private EndPoint? _localEndPoint;
    private IDictionary<object, object?>? _items;
    private int _disposed;

    /// <param name="socket">The prepared socket, which the connection owns from now on.</param>
    /// <param name="buffer">What it reads into: lent for as long as it lasts.</param>
    /// <param name="over">Completed when it is disposed.</param>
    public BlockingConnection(Socket socket, byte[] buffer, TaskCompletionSource over)
    {
        _socket = socket;
        _over = over;
        _input = new BlockingPipeReader(socket, buffer);
        Output = new BlockingPipeWriter(socket);
        Transport = this;
        RemoteEndPoint = socket.RemoteEndPoint;
    }

    /// <summary>Sets what a connection needs of its socket.</summary>
    /// <returns>Whether it can be used: on some systems a socket that its client has reset refuses, and is disposed.</returns>
    public static bool TryPrepare(Socket accepted)
    {
        try
        {
            accepted.ReceiveTimeout = (int)Tick.TotalMilliseconds;
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

    /// <summary>With room for the four that Kestrel adds, so that it need not grow.</summary>
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

    /// <summary>Made only for who asks: the exchange does not.</summary>
    public override CancellationToken ConnectionClosed
    {
        get => _disposed == 1 ? new CancellationToken(canceled: true) : (_closed ??= new CancellationTokenSource()).Token;
        set => throw new NotSupportedException();
    }

    public override IDictionary<object, object?> Items
    {
        get => _items ??= new ConnectionItems();
        set => _items = value;
    }

    /// <summary>Ends the connection with a reset, and wakes a read that waits on it. Callable from any thread.</summary>
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

            _closed?.Cancel();
            _over.TrySetResult();
        }
    }
}
