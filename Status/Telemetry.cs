using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;

namespace AccioKestrel;

/// <summary>What is exported of the process's metrics.</summary>
internal static class Telemetry
{
    private const string OtlpEndpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <summary>
    /// Ours and the runtime's (processor, memory, collector, thread pool). Not Kestrel's: of an Accio connection they tell
    /// nothing more, and cost a small exchange a tenth of its time.
    /// </summary>
    public static MeterProviderBuilder AddMeters(this MeterProviderBuilder metrics) => metrics
        .AddMeter(ExchangeMetrics.MeterName, "System.Runtime")
        // Prometheus keeps names that end in _count for other things.
        .AddView("dotnet.assembly.count", MetricStreamConfiguration.Drop)
        .AddView("dotnet.timer.count", MetricStreamConfiguration.Drop)
        .AddView("dotnet.process.cpu.count", MetricStreamConfiguration.Drop);

    /// <summary>Sends the metrics to where the standard variables of OpenTelemetry say, if they say so.</summary>
    public static void AddOtlpExport(this IServiceCollection services, IConfiguration configuration)
    {
        if (!string.IsNullOrEmpty(configuration[OtlpEndpoint]))
        {
            services.AddOpenTelemetry().WithMetrics(metrics => metrics.AddMeters().AddOtlpExporter());
        }
    }
}
