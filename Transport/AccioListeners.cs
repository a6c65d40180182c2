using System.Diagnostics.Metrics;

namespace AccioKestrel;

/// <summary>The listeners that are bound, and what went wrong when they accepted.</summary>
internal sealed class AccioListeners
{
    private readonly Lock _lock = new();
    private readonly List<SequentialListener> _bound = [];
    private long _clientsLost;
    private long _shortages;
    private long _clientsRefused;

    public AccioListeners(IMeterFactory meters)
    {
        var meter = meters.Create(ExchangeMetrics.MeterName);
        meter.CreateObservableUpDownCounter(
            "accio.waiting_connections", () => Waiting is { } waiting ? [new Measurement<int>(waiting)] : Array.Empty<Measurement<int>>(),
            "{connection}", "Connections in the kernel's listen backlog.");
        meter.CreateObservableCounter(
            "accio.refused_connections", () => ClientsRefused, "{connection}", "Connections closed because they were of no allowed network.");
        meter.CreateObservableCounter(
            "accio.accept_errors",
            () => new[]
            {
                new Measurement<long>(ClientsLost, new KeyValuePair<string, object?>("error.type", "client_lost")),
                new Measurement<long>(Shortages, new KeyValuePair<string, object?>("error.type", "short_of_resources")),
            },
            "{error}", "Accepts that failed.");
    }

    /// <summary>Clients whose connection broke before it was their turn.</summary>
    public long ClientsLost => Interlocked.Read(ref _clientsLost);

    /// <summary>Accepts that failed for want of descriptors or memory.</summary>
    public long Shortages => Interlocked.Read(ref _shortages);

    /// <summary>Clients that were of no allowed network.</summary>
    public long ClientsRefused => Interlocked.Read(ref _clientsRefused);

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

    /// <summary>How many clients wait in the kernel's queues, or null where the system does not tell.</summary>
    public int? Waiting => OperatingSystem.IsLinux() ? Bound.Sum(listener => listener.Waiting) : null;

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

    public void ShortOfResources() => Interlocked.Increment(ref _shortages);
}
