using System.Net;
using AccioKestrel.Status;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;

namespace AccioKestrel.Server.StatusAddress;

/// <summary>
/// The HTTP address of the program: the status page, its health checks and metrics, behind limits that keep its clients from disturbing
/// exchanges. A host that has HTTP anyway maps the page with its own rules.
/// </summary>
internal static class StatusAddressExtensions
{
    /// <summary>Serves the status page at this address; null for none.</summary>
    public static WebApplicationBuilder AddStatusAddress(this WebApplicationBuilder builder, IPEndPoint? status)
    {
        if (status is null)
        {
            return builder;
        }

        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            // Kestrel's own limits hold for the whole server, in which only this address serves HTTP.
            StatusLimits.Apply(kestrel.Limits);
            kestrel.Listen(new StatusEndPoint(status.Address, status.Port), listen => listen.Protocols = HttpProtocols.Http1);
        });
        builder.Services
            .AddAccioStatus()
            .AddSingleton(new ClientCommand("dotnet run --project client --"))
            .AddSingleton<RequestLimits>()
            .AddSingleton<IConnectionListenerFactory, StatusTransportFactory>();
        builder.Services.AddHealthChecks().AddAccio("listening");
        builder.Services.AddOpenTelemetry().WithMetrics(metrics => metrics.AddAccioMeters().AddPrometheusExporter());
        return builder;
    }

    /// <summary>Serves the status page to requests whose host is a name of this machine or one of these.</summary>
    public static WebApplication UseStatusAddress(this WebApplication app, IPEndPoint? status, string hosts)
    {
        if (status is null)
        {
            return app;
        }

        // Before all other middleware: a request beyond the limits must cost nothing else.
        app.Use(app.Services.GetRequiredService<RequestLimits>().FilterAsync);
        app.Use(new KnownHosts(hosts).FilterAsync);
        app.MapStatus();
        return app;
    }

    /// <summary>The page, <c>/openapi/v1.json</c>, <c>/healthz/live</c>, <c>/healthz/ready</c>, and <c>/metrics</c> for Prometheus.</summary>
    private static void MapStatus(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapAccioStatus("", [
            ("openapi/v1.json", "API description (OpenAPI)"),
            ("metrics", "Metrics (Prometheus)"),
            ("healthz/ready", "Health: ready"),
            ("healthz/live", "Health: live")]);
        // Liveness: any response will do.
        endpoints.MapHealthChecks("/healthz/live", new HealthCheckOptions { Predicate = _ => false });
        endpoints.MapHealthChecks("/healthz/ready");
        endpoints.MapPrometheusScrapingEndpoint("/metrics");
    }
}
