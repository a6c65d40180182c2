using System.Diagnostics.Metrics;
using AccioKestrel.Diagnostics;

namespace AccioKestrel.Transport;

/// <summary>Counts failed accepts, and connections that were refused before their turn.</summary>
internal sealed class ConnectionCounters
{
    private long _clientsLost;
    private long _shortages;
    private long _clientsRefused;
    private long _proxyHeadersRefused;

    public ConnectionCounters(IMeterFactory meters)
    {
        var meter = meters.Create(AccioMeter.Name);
        meter.CreateObservableCounter(
            "accio.refused_connections", () => Interlocked.Read(ref _clientsRefused), "{connection}",
            "Connections closed because their address is in no allowed network.");
        meter.CreateObservableCounter(
            "accio.failed_proxy_headers", () => ProxyHeadersRefused, "{connection}",
            "Connections of load balancers that were not served because their PROXY header was wrong, late or missing.");
        meter.CreateObservableCounter(
            "accio.accept_errors",
            () => new[]
            {
                new Measurement<long>(Interlocked.Read(ref _clientsLost), new KeyValuePair<string, object?>("error.type", "client_lost")),
                new Measurement<long>(Shortages, new KeyValuePair<string, object?>("error.type", "short_of_resources")),
            },
            "{error}", "Accepts that failed.");
    }

    /// <summary>How many accepts failed: the client's connection broke before its turn, or descriptors or memory were short.</summary>
    public long AcceptErrors => Interlocked.Read(ref _clientsLost) + Shortages;

    /// <summary>How many accepts failed for lack of descriptors or memory.</summary>
    public long Shortages => Interlocked.Read(ref _shortages);

    /// <summary>How many connections of load balancers had no right PROXY header.</summary>
    public long ProxyHeadersRefused => Interlocked.Read(ref _proxyHeadersRefused);

    /// <summary>A client's connection broke before its turn.</summary>
    public void ClientLost() => Interlocked.Increment(ref _clientsLost);

    /// <summary>An accept failed for lack of descriptors or memory.</summary>
    public void ShortOfResources() => Interlocked.Increment(ref _shortages);

    /// <summary>A client's address was in no allowed network.</summary>
    public void ClientRefused() => Interlocked.Increment(ref _clientsRefused);

    /// <summary>A load balancer's connection had no right PROXY header.</summary>
    public void ProxyHeaderRefused() => Interlocked.Increment(ref _proxyHeadersRefused);
}
