using Microsoft.AspNetCore.Connections.Features;

namespace AccioKestrel.Tests.Exchange;

/// <summary>What Kestrel gives a connection so that it learns of a stop.</summary>
internal sealed class CloseRequest : IConnectionLifetimeNotificationFeature, IDisposable
{
    private readonly CancellationTokenSource _requested = new();

    public CloseRequest() => ConnectionClosedRequested = _requested.Token;

    public CancellationToken ConnectionClosedRequested { get; set; }

    /// <summary>Asks to close all connections that have this feature, as Kestrel does when its host stops.</summary>
    public void RequestClose() => _requested.Cancel();

    public void Dispose() => _requested.Dispose();
}
