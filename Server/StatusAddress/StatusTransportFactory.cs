using System.Net;
using AccioKestrel.Diagnostics;
using AccioKestrel.Transport;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;

namespace AccioKestrel.Server.StatusAddress;

/// <summary>Binds the status address. All other endpoints are left to the host's other transports.</summary>
internal sealed class StatusTransportFactory(TimeProvider time, ILoggerFactory loggers)
    : IConnectionListenerFactory, IConnectionListenerFactorySelector, IDisposable
{
    private readonly SocketConnectionContextFactory _connections = new(
        StatusLimits.Transport, loggers.CreateLogger(typeof(SocketTransportFactory).Namespace!));

    public bool CanBind(EndPoint endpoint) => endpoint is StatusEndPoint;

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var socket = ListenSocket.Create(endpoint, StatusLimits.Backlog, socket =>
        {
            socket.ReceiveBufferSize = StatusLimits.SocketBufferSize;
            socket.SendBufferSize = StatusLimits.SocketBufferSize;
        });
        return ValueTask.FromResult<IConnectionListener>(
            new StatusListener(socket, _connections, time, loggers.CreateLogger(LogCategory.StatusListener)));
    }

    public void Dispose() => _connections.Dispose();
}
