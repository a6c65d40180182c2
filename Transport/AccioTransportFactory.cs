using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AccioKestrel;

/// <summary>Binds the Accio endpoints of a Kestrel, and leaves all others to the transports beside it.</summary>
internal sealed class AccioTransportFactory(
    IOptions<AccioOptions> options,
    AccioListeners listeners,
    TimeProvider time,
    IHostApplicationLifetime lifetime,
    ILogger<SequentialListener> logger,
    SocketActivation? activation = null)
    : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    public bool CanBind(EndPoint endpoint) => endpoint is AccioEndPoint;

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        SequentialListener listener;
        if (activation is not null)
        {
            var passed = new PassedSocket(activation.Descriptor, ((IPEndPoint)endpoint).Port);
            listener = new SequentialListener(passed, listeners, time, lifetime, logger);
            AccioLog.ListeningOnPassed(logger, listener.EndPoint);
        }
        else
        {
            listener = new SequentialListener(Listen(endpoint), listeners, time, lifetime, logger);
            AccioLog.Listening(logger, listener.EndPoint);
        }

        return ValueTask.FromResult<IConnectionListener>(listener);
    }

    private Socket Listen(EndPoint endpoint)
    {
        var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            // Inherited by its connections: each command goes out at once, in a segment of its own.
            socket.NoDelay = true;
            if (endpoint is IPEndPoint { AddressFamily: AddressFamily.InterNetworkV6 } address && address.Address.Equals(IPAddress.IPv6Any))
            {
                // As Kestrel has it: every address is every address.
                socket.DualMode = true;
            }

            socket.Bind(endpoint);
            socket.Listen(options.Value.Backlog);
            return socket;
        }
        catch (SocketException exception)
        {
            socket.Dispose();
            throw exception.SocketErrorCode is SocketError.AddressAlreadyInUse
                ? new AddressInUseException(exception.Message, exception)
                : new ListenFailedException(exception);
        }
    }
}
