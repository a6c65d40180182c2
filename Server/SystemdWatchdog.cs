using System.Globalization;
using AccioKestrel.Diagnostics;
using AccioKestrel.Exchange;
using AccioKestrel.Transport;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging;

namespace AccioKestrel.Server;

/// <summary>
/// Tells systemd that the server is not hung, for <c>WatchdogSec=</c>. A hung server has a client, in service or in the queue, and its
/// thread's heartbeat stands still; or Kestrel's accept loop has ended. It is not notified any more, so systemd kills it and starts another.
/// </summary>
/// <remarks>
/// A server without a client, and one that waits for a client's bytes or for the reader of standard output, is not hung: another process
/// would wait for the same. A stop is not watched either, because TimeoutStopSec= limits it.
/// </remarks>
/// <param name="limit">The time after which systemd kills a server that is silent.</param>
/// <param name="systemd">Sends the notifications.</param>
/// <param name="listeners">The listeners, whose heartbeat is watched.</param>
/// <param name="history">Names the client in service.</param>
/// <param name="lifetime">Tells whether the server stops.</param>
/// <param name="time">The clock.</param>
/// <param name="loggers">Create the logger.</param>
internal sealed class SystemdWatchdog(
    TimeSpan limit,
    SystemdNotification systemd,
    BoundListeners listeners,
    ExchangeHistory history,
    IHostApplicationLifetime lifetime,
    TimeProvider time,
    ILoggerFactory loggers) : BackgroundService
{
    // A timer takes 1 ms to 49 days: a quarter of the limit must be at least 1 ms, and half of it less than 49 days.
    private static readonly TimeSpan s_shortest = TimeSpan.FromMilliseconds(4);
    private static readonly TimeSpan s_longest = TimeSpan.FromDays(1);

    private long _seen;

    /// <summary>The limit of systemd's watchdog, or null if this process has none. See sd_watchdog_enabled(3).</summary>
    /// <param name="variable">Reads a variable of the environment.</param>
    /// <param name="processId">The id of this process. A child process inherits the variables too, but WATCHDOG_PID names its parent.</param>
    public static TimeSpan? Limit(Func<string, string?> variable, int processId) =>
        long.TryParse(variable("WATCHDOG_USEC"), NumberStyles.None, CultureInfo.InvariantCulture, out var microseconds) && microseconds > 0
        && (variable("WATCHDOG_PID") is not { Length: > 0 } owner || owner.Equals(processId.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal))
            ? new TimeSpan(Math.Clamp(microseconds, s_shortest.Ticks / TimeSpan.TicksPerMicrosecond, s_longest.Ticks / TimeSpan.TicksPerMicrosecond) * TimeSpan.TicksPerMicrosecond)
            : null;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(limit / 2, time);
        var isReported = false;
        try
        {
            do
            {
                // Twice, because a client may have come at the moment of the first look, and not be accepted yet.
                if (IsAlive() || await IsAliveAfterAsync(limit / 4, stoppingToken))
                {
                    isReported = false;
                    systemd.Notify(new ServiceState("WATCHDOG=1"));
                }
                else if (!isReported)
                {
                    isReported = true;
                    AccioLog.Hung(loggers.CreateLogger(LogCategory.Systemd), limit.TotalSeconds, history.Current?.Peer?.ToString() ?? "none");
                }
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException)
        {
            // The host stops.
        }
    }

    private async Task<bool> IsAliveAfterAsync(TimeSpan pause, CancellationToken stoppingToken)
    {
        await Task.Delay(pause, time, stoppingToken);
        return IsAlive();
    }

    /// <summary>Whether there was a beat since the last call, or none was due.</summary>
    private bool IsAlive()
    {
        var beats = listeners.Heartbeat.Beats;
        var hasMoved = beats != _seen;
        _seen = beats;
        return lifetime.ApplicationStopping.IsCancellationRequested
            || (listeners.All.All(listener => listener.IsAccepting) && (hasMoved || !listeners.HaveClients));
    }
}
