using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AccioKestrel;

/// <summary>Binds the Accio endpoints of a Kestrel, and leaves all others to the transports beside it.</summary>
internal sealed class AccioTransportFactory(
    IOptions<AccioOptions> options, TimeProvider time, IHostApplicationLifetime lifetime, ILogger<SequentialListener> logger)
    : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    public bool CanBind(EndPoint endpoint) => endpoint is AccioEndPoint;

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            // Inherited by its connections: each command goes out at once, in a segment of its own.
            socket.NoDelay = true;
            socket.Bind(endpoint);
            socket.Listen(options.Value.Backlog);
        }
        catch (SocketException exception)
        {
            socket.Dispose();
            throw exception.SocketErrorCode is SocketError.AddressAlreadyInUse
                ? new AddressInUseException(exception.Message, exception)
                : exception;
        }

        var listener = new SequentialListener(socket, time, lifetime, logger);
        TransportLog.Listening(logger, listener.EndPoint);
        return ValueTask.FromResult<IConnectionListener>(listener);
    }
}
