using System.Net;
using AccioKestrel.Diagnostics;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Hosting;

namespace AccioKestrel.Transport;

/// <summary>Binds Accio endpoints. All other endpoints are left to the host's other transports.</summary>
internal sealed class AccioTransportFactory(
    Func<int> backlog,
    BoundListeners listeners,
    ConnectionCounters counters,
    TimeProvider time,
    IHostApplicationLifetime lifetime,
    UnfailingLogger logger,
    SocketActivation? activation = null)
    : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    public bool CanBind(EndPoint endpoint) => endpoint is AccioEndPoint;

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var queue = OperatingSystem.IsLinux() && activation is not null
            ? InheritedQueue.Open(activation.Descriptor, ((IPEndPoint)endpoint).Port)
            : new AcceptQueue(ListenSocket.Create(endpoint, backlog(), PlatformSocket.SetInheritedOptions));
        LogListening(queue);
        return ValueTask.FromResult<IConnectionListener>(SequentialListener.Start(
            queue, listeners, counters, time, lifetime, logger, ((AccioEndPoint)endpoint).Tls));
    }

    private void LogListening(AcceptQueue queue)
    {
        if (!queue.DisconnectsOnDispose)
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
