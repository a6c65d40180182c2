using System.Globalization;
using AccioKestrel.Exchange;
using AccioKestrel.Terminal;
using AccioKestrel.Transport;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Options;

namespace AccioKestrel.Server;

/// <summary>Tells systemd what the server is doing, which <c>systemctl status</c> shows: at most once a second, and only what has changed.</summary>
internal sealed class SystemdStatus(
    SystemdNotification systemd, ExchangeHistory history, BoundListeners listeners, IOptions<AccioOptions> options, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1);

    private readonly TimeSpan _idleTimeout = TimeSpan.FromSeconds(options.Value.IdleTimeout);
    private ActiveExchange? _shown;
    private RecentRate _rate = new();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(s_interval, time);
        var told = "";
        try
        {
            do
            {
                var status = Status();
                if (!status.Equals(told, StringComparison.Ordinal) && systemd.Notify(new ServiceState($"STATUS={status}")))
                {
                    told = status;
                }
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException)
        {
            // The host stops.
        }
    }

    private string Status()
    {
        var waiting = listeners.Waiting ?? 0;
        var queue = waiting > 0 ? string.Create(CultureInfo.InvariantCulture, $", {waiting} waiting") : "";
        if (history.Current is not { } exchange)
        {
            var run = history.Snapshot();
            return string.Create(
                CultureInfo.InvariantCulture, $"Waiting for a client{queue}. Exchanges: {run.Ended}, counted: {run.Counted}, errors: {run.Errors}");
        }

        if (exchange.HasEnded)
        {
            return $"{exchange.Peer}  writing the result{queue}";
        }

        if (exchange != _shown)
        {
            _shown = exchange;
            _rate = new RecentRate();
        }

        return ProgressLine.Of(exchange, _rate.Sample(exchange.Bytes, exchange.Elapsed), waiting, _idleTimeout, room: int.MaxValue).Trim();
    }
}
