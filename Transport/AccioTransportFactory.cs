using System.Net;
using AccioKestrel.Diagnostics;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Hosting;

namespace AccioKestrel.Transport;

/// <summary>Binds Accio endpoints. All other endpoints are left to the host's other transports.</summary>
internal sealed class AccioTransportFactory(
    Func<int> backlog,
    AccioListeners listeners,
    TimeProvider time,
    IHostApplicationLifetime lifetime,
    UnfailingLogger logger,
    SocketActivation? activation = null)
    : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    public bool CanBind(EndPoint endpoint) => endpoint is AccioEndPoint;

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        var queue = OperatingSystem.IsLinux() && activation is not null
            ? InheritedQueue.Open(activation.Descriptor, ((IPEndPoint)endpoint).Port)
            : new AcceptQueue(ListenSocket.Create(endpoint, backlog(), PlatformSocket.SetInheritedOptions));
        Announce(queue);
        return ValueTask.FromResult<IConnectionListener>(SequentialListener.Start(queue, listeners, time, lifetime, logger));
    }

    private void Announce(AcceptQueue queue)
    {
        if (!queue.EndsWithProcess)
        {
            AccioLog.ListeningOnInherited(logger, queue.EndPoint);
            return;
        }

        AccioLog.Listening(logger, queue.EndPoint);
        if (queue.Limit is > 0 and var capped && capped < backlog())
        {
            AccioLog.BacklogCapped(logger, capped, backlog());
        }
    }
}
