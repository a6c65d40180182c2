using System.Diagnostics.Metrics;
using AccioKestrel.Diagnostics;

namespace AccioKestrel.Transport;

/// <summary>The bound listeners, and counts of what went wrong when they accepted.</summary>
internal sealed class AccioListeners
{
    private readonly Lock _lock = new();
    private readonly List<SequentialListener> _bound = [];
    private long _clientsLost;
    private long _shortages;
    private long _clientsRefused;
    private long _proxyHeadersRefused;

    public AccioListeners(IMeterFactory meters)
    {
        var meter = meters.Create(AccioMeter.Name);
        meter.CreateObservableUpDownCounter(
            "accio.waiting_connections", () => Waiting is { } waiting ? [new Measurement<int>(waiting)] : Array.Empty<Measurement<int>>(),
            "{connection}", "Connections in the kernel's listen backlog.");
        meter.CreateObservableCounter(
            "accio.refused_connections", () => ClientsRefused, "{connection}", "Connections closed because their address is in no allowed network.");
        meter.CreateObservableCounter(
            "accio.failed_proxy_headers", () => ProxyHeadersRefused, "{connection}", "Connections of load balancers that were not served because their PROXY header was wrong, late or missing.");
        meter.CreateObservableCounter(
            "accio.accept_errors",
            () => new[]
            {
                new Measurement<long>(ClientsLost, new KeyValuePair<string, object?>("error.type", "client_lost")),
                new Measurement<long>(Shortages, new KeyValuePair<string, object?>("error.type", "short_of_resources")),
            },
            "{error}", "Accepts that failed.");
    }

    /// <summary>The steps of the thread that serves clients.</summary>
    public Heartbeat Heartbeat { get; } = new();

    /// <summary>Whether a client is connected or waits. Linux only: elsewhere waiting clients are not known.</summary>
    public bool HaveWork => Bound.Any(listener => listener.IsServing || listener.Queue.Length > 0);

    /// <summary>How many clients' connections broke before their turn.</summary>
    public long ClientsLost => Interlocked.Read(ref _clientsLost);

    /// <summary>How many accepts failed for lack of descriptors or memory.</summary>
    public long Shortages => Interlocked.Read(ref _shortages);

    /// <summary>How many clients' addresses were in no allowed network.</summary>
    public long ClientsRefused => Interlocked.Read(ref _clientsRefused);

    /// <summary>How many connections of load balancers had no right PROXY header.</summary>
    public long ProxyHeadersRefused => Interlocked.Read(ref _proxyHeadersRefused);

    public IReadOnlyList<SequentialListener> Bound
    {
        get
        {
            lock (_lock)
            {
                return [.. _bound];
            }
        }
    }

    /// <summary>Whether the server listens, and the accept loop of each listener is running.</summary>
    public bool AreAccepting => Bound is { Count: > 0 } bound && bound.All(listener => listener.IsAccepting);

    /// <summary>How many clients wait in the kernel's queues. Null on systems that do not report it.</summary>
    public int? Waiting => PlatformSocket.ReportsQueue ? Bound.Sum(listener => listener.Queue.Length) : null;

    /// <summary>How many of them the kernel disconnects when the listeners are unbound. 0 on systems that do not report it.</summary>
    public int WaitingInOwnQueues => Bound.Where(listener => listener.Queue.EndsWithProcess).Sum(listener => listener.Queue.Length);

    public void Add(SequentialListener listener)
    {
        lock (_lock)
        {
            _bound.Add(listener);
        }
    }

    public void Remove(SequentialListener listener)
    {
        lock (_lock)
        {
            _bound.Remove(listener);
        }
    }

    public void ClientLost() => Interlocked.Increment(ref _clientsLost);

    public void ClientRefused() => Interlocked.Increment(ref _clientsRefused);

    public void ProxyHeaderRefused() => Interlocked.Increment(ref _proxyHeadersRefused);

    public void ShortOfResources() => Interlocked.Increment(ref _shortages);
}
