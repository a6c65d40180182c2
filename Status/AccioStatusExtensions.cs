using AccioKestrel;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using OpenTelemetry.Metrics;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Adds the status page of the Accio server, with its health checks and metrics, to a host.</summary>
public static class AccioStatusExtensions
{
    /// <summary>Adds what <see cref="MapAccioStatus"/> needs. <c>AddAccio</c> must be called too.</summary>
    public static IServiceCollection AddAccioStatus(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.TryAddSingleton<RateHistory>();
        services.AddHostedService(provider => provider.GetRequiredService<RateHistory>());
        services.TryAddSingleton<StatusReporter>();
        services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, StatusJson.Default));
        services.AddHealthChecks().AddCheck<ListeningHealthCheck>("listening");
        services.AddOpenTelemetry().WithMetrics(metrics => metrics.AddMeters().AddPrometheusExporter());
        return services;
    }

    /// <summary>
    /// Serves the page at <c>/</c>, the same as JSON at <c>/api/status</c> and as a stream at <c>/api/events</c>,
    /// <c>/openapi/v1.json</c>, <c>/healthz/live</c>, <c>/healthz/ready</c>, and <c>/metrics</c> for Prometheus.
    /// </summary>
    public static void MapAccioStatus(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        StatusPage.Map(endpoints);
        endpoints.MapGet("/api/status", (StatusReporter reporter) => TypedResults.Ok(reporter.Report()))
            .WithSummary("What the server is doing, and has done since its start.");
        endpoints.MapGet("/api/events", (StatusReporter reporter, CancellationToken stop) => TypedResults.ServerSentEvents(reporter.Watch(stop)))
            .WithSummary("The same four times a second, as server-sent events named status.");
        // Alive is who answers at all.
        endpoints.MapHealthChecks("/healthz/live", new HealthCheckOptions { Predicate = _ => false });
        endpoints.MapHealthChecks("/healthz/ready");
        endpoints.MapPrometheusScrapingEndpoint("/metrics");
    }
}
