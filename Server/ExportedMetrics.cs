using AccioKestrel.Diagnostics;
using OpenTelemetry.Metrics;

namespace AccioKestrel.Server;

/// <summary>The metrics that are exported.</summary>
internal static class ExportedMetrics
{
    /// <summary>
    /// Our meter and the runtime's (processor, memory, collector, thread pool). Not Kestrel's: for Accio connections it adds no
    /// information, and costs a tenth of a small exchange.
    /// </summary>
    public static MeterProviderBuilder AddAccioMeters(this MeterProviderBuilder metrics) => metrics
        .AddMeter(AccioMeter.Name, "System.Runtime")
        // In Prometheus the suffix _count belongs to histograms and summaries.
        .AddView("dotnet.assembly.count", MetricStreamConfiguration.Drop)
        .AddView("dotnet.timer.count", MetricStreamConfiguration.Drop)
        .AddView("dotnet.process.cpu.count", MetricStreamConfiguration.Drop);
}
