using AccioKestrel.Diagnostics;
using AccioKestrel.Exchange;
using AccioKestrel.Transport;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AccioKestrel.Server;

/// <summary>
/// Logs at a stop how long the file in transfer has and how many waiting clients are disconnected, and at the end the totals of the
/// run. On a terminal, <c>TerminalDisplay</c> shows this instead.
/// </summary>
internal sealed class StopNotice(
    ExchangeHistory history, BoundListeners listeners, IOptions<HostOptions> host, IHostApplicationLifetime lifetime, ILoggerFactory loggers) : IHostedService
{
    private readonly ILogger _logger = loggers.CreateLogger(LogCategory.Server);

    public Task StartAsync(CancellationToken cancellationToken)
    {
        // Runs before the listeners are unbound, so their queues can still be read.
        lifetime.ApplicationStopping.Register(AnnounceStop);
        return Task.CompletedTask;
    }

    /// <summary>Hosted services stop in the reverse order of their start, so Kestrel has ended its last exchange before this.</summary>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        var run = history.Snapshot();
        AccioLog.Stopped(
            _logger, history.Uptime.TotalSeconds, run.Ended, run.Counted, run.Errors, ExchangeWords.Failures(run), run.Bytes);
        return Task.CompletedTask;
    }

    private void AnnounceStop()
    {
        if (history.Current is { IsInTransfer: true } exchange)
        {
            AccioLog.StopWaits(loggers.CreateLogger(LogCategory.Exchange), exchange.ConnectionId, exchange.Peer, host.Value.ShutdownTimeout.TotalSeconds);
        }

        if (listeners.WaitingInOwnQueues is > 0 and var waiting)
        {
            AccioLog.QueueDisconnected(_logger, waiting);
        }
    }
}
