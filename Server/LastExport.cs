using Microsoft.Extensions.Hosting;
using OpenTelemetry.Metrics;

namespace AccioKestrel.Server;

/// <summary>
/// Exports the metrics once more when Kestrel has ended the last exchange, so that they include the last results. A collector that
/// does not answer delays the stop by <see cref="LimitMilliseconds"/>; by default, OpenTelemetry would wait five seconds.
/// </summary>
internal sealed class LastExport(MeterProvider metrics) : IHostedService
{
    private const int LimitMilliseconds = 300;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken)
    {
        metrics.Shutdown(LimitMilliseconds);
        return Task.CompletedTask;
    }
}
