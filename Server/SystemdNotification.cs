using System.Diagnostics;
using System.Globalization;
using AccioKestrel.Diagnostics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging;

namespace AccioKestrel.Server;

/// <summary>Notifies systemd when the server listens, reloads and begins to stop, and of what other types tell it.</summary>
internal sealed class SystemdNotification(
    ISystemdNotifier systemd, IHostApplicationLifetime lifetime, ILoggerFactory loggers) : IHostedService
{
    /// <summary>systemd reads its socket at once. A stop must not wait for one that does not read, whose queue is full.</summary>
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(1);

    private readonly ILogger _logger = loggers.CreateLogger(LogCategory.Systemd);
    private readonly Lock _lock = new();
    private Task _sending = Task.CompletedTask;
    private bool _hasFailed;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        lifetime.ApplicationStarted.Register(() => Notify(ServiceState.Ready));
        lifetime.ApplicationStopping.Register(() => Notify(ServiceState.Stopping));
        ReloadSignal.OnReload(begins: () => Notify(Reloading()), ended: () => Notify(ServiceState.Ready));
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Sends a notification. If systemd does not take it, the log has one warning, and the server goes on.</summary>
    /// <returns>Whether systemd took it.</returns>
    public bool Notify(ServiceState state)
    {
        lock (_lock)
        {
            if (!_sending.IsCompleted)
            {
                // The notification before found no room. More of them would only block more threads.
                return false;
            }

            try
            {
                _sending = Task.Run(() => systemd.Notify(state));
                _sending.WaitAsync(s_timeout).GetAwaiter().GetResult();
                _hasFailed = false;
                return true;
            }
            catch (Exception exception)
            {
                if (!_hasFailed)
                {
                    _hasFailed = true;
                    AccioLog.NotNotified(_logger, exception is TimeoutException ? "nothing reads it" : exception.Message);
                }

                return false;
            }
        }
    }

    /// <summary>With the time, by which systemd distinguishes the answer to this SIGHUP from that to an earlier one. See sd_notify(3).</summary>
    private static ServiceState Reloading() => new(string.Create(
        // On Linux, where systemd is, this is the clock that it asks for, CLOCK_MONOTONIC.
        CultureInfo.InvariantCulture, $"RELOADING=1\nMONOTONIC_USEC={Stopwatch.GetElapsedTime(0).Ticks / TimeSpan.TicksPerMicrosecond}"));
}
