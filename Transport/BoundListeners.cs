using System.Diagnostics.Metrics;
using AccioKestrel.Diagnostics;

namespace AccioKestrel.Transport;

/// <summary>The listeners that are bound, and what can be seen of them: who waits, and whether they still accept.</summary>
internal sealed class BoundListeners
{
    private readonly Lock _lock = new();
    private readonly List<SequentialListener> _all = [];

    public BoundListeners(IMeterFactory meters) => meters.Create(AccioMeter.Name).CreateObservableUpDownCounter(
        "accio.waiting_connections", () => Waiting is { } waiting ? [new Measurement<int>(waiting)] : Array.Empty<Measurement<int>>(),
        "{connection}", "Connections that wait for their turn, in the kernel's accept queue or at another endpoint.");

    /// <summary>The heartbeat of the thread that serves clients.</summary>
    public Heartbeat Heartbeat { get; } = new();

    public IReadOnlyList<SequentialListener> All
    {
        get
        {
            lock (_lock)
            {
                return [.. _all];
            }
        }
    }

    /// <summary>Whether a client is connected or waits. Linux only: elsewhere waiting clients are not known.</summary>
    public bool HaveClients => All.Any(listener => listener.IsServing || listener.Queue.Length > 0);

    /// <summary>Whether the server listens, and the accept loop of each listener is running.</summary>
    public bool AreAccepting => All is { Count: > 0 } bound && bound.All(listener => listener.IsAccepting);

    /// <summary>How many clients wait for their turn: in the kernel's accept queues, or accepted at another endpoint. Null on systems that do not report it.</summary>
    public int? Waiting => PlatformSocket.ReportsQueue && All is var all ? all.Sum(listener => listener.Queue.Length) + Math.Max(0, all.Count(listener => listener.IsServing) - 1) : null;

    /// <summary>How many of them the kernel disconnects when the listeners are unbound. 0 on systems that do not report it.</summary>
    public int WaitingInOwnQueues => All.Where(listener => listener.Queue.DisconnectsOnDispose).Sum(listener => listener.Queue.Length);

    public void Add(SequentialListener listener)
    {
        lock (_lock)
        {
            _all.Add(listener);
        }
    }

    public void Remove(SequentialListener listener)
    {
        lock (_lock)
        {
            _all.Remove(listener);
        }
    }
}
