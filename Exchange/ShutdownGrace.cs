using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace AccioKestrel;

/// <summary>
/// The time between the request to stop and the end of patience: a handshake ends at once, but a file that is coming in
/// gets <see cref="AccioOptions.ShutdownGrace"/> to end and be counted.
/// </summary>
public sealed class ShutdownGrace : IDisposable
{
    // Never disposed: it has nothing to give back, and the second signal may come when the host has just ended.
    private readonly CancellationTokenSource _over = new();
    private readonly ITimer _timer;

    /// <summary>Made by the service container.</summary>
    public ShutdownGrace(IHostApplicationLifetime lifetime, IOptions<AccioOptions> options, TimeProvider time)
    {
        var grace = TimeSpan.FromSeconds(options.Value.ShutdownGrace);
        _timer = time.CreateTimer(_ => End(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Stopping = lifetime.ApplicationStopping;
        Stopping.Register(() => _timer.Change(grace, Timeout.InfiniteTimeSpan));
    }

    /// <summary>The host was told to stop: no exchange begins any more.</summary>
    internal CancellationToken Stopping { get; }

    /// <summary>The grace is over: no exchange goes on.</summary>
    internal CancellationToken Over => _over.Token;

    /// <summary>Ends the grace at once, as a second signal does. Harmless at any time.</summary>
    public void End() => _over.Cancel();

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();
}
