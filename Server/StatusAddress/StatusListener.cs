using System.Net;
using System.Net.Sockets;
using System.Text;
using AccioKestrel.Diagnostics;
using AccioKestrel.Status;
using AccioKestrel.Transport;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;

namespace AccioKestrel.Server.StatusAddress;

/// <summary>
/// The listener of the status address. Keeps a bounded number of connections of the stock transport open, and refuses all others at
/// once: left in the kernel's queue, they would make the operator wait behind them.
/// </summary>
internal sealed class StatusListener(Socket socket, SocketConnectionContextFactory connections, TimeProvider time, ILogger logger)
    : IConnectionListener
{
    private static readonly byte[] s_refusal = Refusal();

    private readonly Pace _pace = new(time, StatusLimits.ConnectionsPerSecond, atOnce: StatusLimits.ConnectionsPerSecond);
    private readonly HashSet<StatusConnection> _open = [];
    private readonly CancellationTokenSource _unbound = new();

    public EndPoint EndPoint { get; } = socket.LocalEndPoint!;

    /// <summary>The next connection, or null once unbound. Never throws: Kestrel's accept loop would end, and the server would not stop.</summary>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        var shortage = new Backoff();
        while (true)
        {
            try
            {
                // The stock listener would retry at once, and burn a core while descriptors are exhausted.
                await Task.Delay(shortage.Pause, time, _unbound.Token);
                await _pace.WaitAsync(_unbound.Token);
                var client = await socket.AcceptAsync(_unbound.Token);
                if (shortage.Failures > 0)
                {
                    AccioLog.ResourcesBack(logger, shortage.Failures);
                    shortage = default;
                }

                if (IsFull())
                {
                    Refuse(client);
                }
                else
                {
                    return Open(client);
                }
            }
            catch (Exception) when (_unbound.IsCancellationRequested)
            {
                return null;
            }
            catch (SocketException exception) when (exception.SocketErrorCode is SocketError.ConnectionAborted or SocketError.ConnectionReset)
            {
                // The client's connection broke while it waited.
            }
            catch (Exception exception)
            {
                // Descriptors or memory are short, or the exception is an unforeseen one.
                if (shortage.Failures == 0)
                {
                    AccioLog.ShortOfResources(logger, exception);
                }

                shortage.Fail();
            }
        }
    }

    /// <summary>Stops listening and aborts all connections: no request of this address is worth delaying a stop.</summary>
    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        _unbound.Cancel();
        socket.Dispose();
        StatusConnection[] open;
        lock (_open)
        {
            open = [.. _open];
        }

        foreach (var connection in open)
        {
            Abort(connection);
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => UnbindAsync();

    private static void Abort(StatusConnection connection) => connection.Abort(new ConnectionAbortedException("The server stops."));

    private bool IsFull()
    {
        lock (_open)
        {
            return _open.Count >= StatusCapacity.Connections;
        }
    }

    private StatusConnection Open(Socket client)
    {
        StatusConnection connection;
        try
        {
            connection = new StatusConnection(connections.Create(client), Close);
        }
        catch
        {
            client.Dispose();
            throw;
        }

        lock (_open)
        {
            _open.Add(connection);
        }

        if (_unbound.IsCancellationRequested)
        {
            // Accepted while UnbindAsync aborted the others.
            Abort(connection);
        }

        return connection;
    }

    private void Close(StatusConnection connection)
    {
        lock (_open)
        {
            _open.Remove(connection);
        }
    }

    /// <summary>Sends the refusal and closes the connection, without waiting for the client.</summary>
    private static void Refuse(Socket client)
    {
        using (client)
        {
            client.Blocking = false;
            // Read the request first: a close with unread bytes makes the kernel send a reset, and the client may not see the response.
            Span<byte> request = stackalloc byte[4096];
            _ = client.Receive(request, SocketFlags.None, out _);
            _ = client.Send(s_refusal, SocketFlags.None, out _);
        }
    }

    private static byte[] Refusal()
    {
        var reason = $"All {StatusCapacity.Connections} connections of the status address are in use. Try again in a few seconds.\n";
        return Encoding.ASCII.GetBytes(
            "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nRetry-After: 5\r\nConnection: close\r\n"
            + string.Create(System.Globalization.CultureInfo.InvariantCulture, $"Content-Length: {reason.Length}\r\n\r\n{reason}"));
    }
}
