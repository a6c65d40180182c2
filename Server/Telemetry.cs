using System.Globalization;
using AccioKestrel.Diagnostics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace AccioKestrel.Server;

/// <summary>The export of metrics: the name of the service, and OTLP.</summary>
internal static class Telemetry
{
    /// <summary>The prefix of all variables that configure OpenTelemetry.</summary>
    public const string Prefix = "OTEL_";

    private const string OtlpEndpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <summary>Variables for whose wrong values the exporter throws, or silently uses its defaults.</summary>
    private static readonly (string Name, string Allowed, Func<string, bool> IsAllowed)[] s_variables =
    [
        (OtlpEndpoint, "the URL of a collector, such as http://127.0.0.1:4317",
            text => Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc or http/protobuf", text => text is "grpc" or "http/protobuf"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "headers such as name=value,other=value",
            text => text.Split(',', StringSplitOptions.RemoveEmptyEntries).All(header => header.IndexOf('=', StringComparison.Ordinal) > 0)),
        ("OTEL_METRIC_EXPORT_INTERVAL", $"a number of milliseconds from 1 to {int.MaxValue}",
            text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds) && milliseconds > 0),
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", "the name of a file that exists", File.Exists),
        ("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "the name of a file that exists", File.Exists),
        ("OTEL_EXPORTER_OTLP_CLIENT_KEY", "the name of a file that exists", File.Exists),
    ];

    /// <summary>Whether a value must not be shown: the headers authenticate with a collector, and a URL can have a password before its @.</summary>
    public static bool IsSecret(string name, string value) =>
        name.EndsWith("_HEADERS", StringComparison.OrdinalIgnoreCase) || (name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) && value.Contains('@', StringComparison.Ordinal));

    /// <summary>Names the service in exported metrics, and exports them by OTLP if the standard variables of OpenTelemetry name a collector.</summary>
    /// <exception cref="StartException">One of the variables has a value that is not allowed.</exception>
    public static IServiceCollection AddMetricsExport(this IServiceCollection services, IConfiguration configuration)
    {
        // The detector comes last, so that the variables of OpenTelemetry can override the service's name.
        services.ConfigureOpenTelemetryMeterProvider(metrics => metrics.ConfigureResource(resource => resource
            .AddService(Product.Name, serviceVersion: Product.Version).AddEnvironmentVariableDetector()));
        if (string.IsNullOrEmpty(configuration[OtlpEndpoint]))
        {
            return services;
        }

        foreach (var (name, allowed, isAllowed) in s_variables)
        {
            if (configuration[name] is { Length: > 0 } value && !isAllowed(value))
            {
                throw new StartException($"{name} takes {allowed}, not '{value}'.");
            }
        }

        services.AddOpenTelemetry().WithMetrics(metrics => metrics.AddAccioMeters().AddOtlpExporter());
        return services.AddHostedService<LastExport>();
    }

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
