using System.Diagnostics.CodeAnalysis;
using System.Net.ServerSentEvents;
using AccioKestrel.Exchange;
using AccioKestrel.Status;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Maps the status page of the Accio server.</summary>
public static class AccioStatusEndpointRouteBuilderExtensions
{
    /// <summary>
    /// Serves the page at the prefix, the same as JSON at <c>api/status</c> below it, and as a stream of server-sent events at
    /// <c>api/events</c>. <c>AddAccioStatus</c> must be called too.
    /// </summary>
    /// <param name="endpoints">The host's endpoints.</param>
    /// <param name="prefix">The path of the page, such as <c>/accio</c>. All URLs in the page are relative to it.</param>
    /// <returns>A builder whose conventions, such as <c>RequireAuthorization()</c>, apply to all of these endpoints.</returns>
    /// <exception cref="InvalidOperationException"><c>AddAccio</c> or <c>AddAccioStatus</c> was not called.</exception>
    public static IEndpointConventionBuilder MapAccioStatus(this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string prefix = "") =>
        endpoints.MapAccioStatus(prefix, []);

    /// <summary>The same, with links in the page to what else the host serves.</summary>
    internal static IEndpointConventionBuilder MapAccioStatus(
        this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string prefix, IReadOnlyList<(string Path, string Text)> links)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(prefix);
        // In this order: without AddAccio, the container would explain which internal type StatusFeed lacks.
        if (endpoints.ServiceProvider.GetService<ExchangeHistory>() is null || endpoints.ServiceProvider.GetService<StatusFeed>() is null)
        {
            throw new InvalidOperationException("MapAccioStatus needs builder.Services.AddAccio().AddAccioStatus().");
        }

        var group = endpoints.MapGroup(prefix);
        StatusPage.Map(group, links);
        group.MapGet("/api/status", (StatusReporter reporter) => TypedResults.Json(reporter.Report(), StatusJson.Default.StatusReport))
            .Produces<StatusReport>()
            .WithSummary("What the server is doing, and has done since its start.");
        group.MapGet("/api/events", (HttpContext context, StatusFeed feed) => feed.WatchAsync(context))
            .Produces<SseItem<StatusReport>>(contentType: "text/event-stream")
            .Produces(StatusCodes.Status503ServiceUnavailable)
            .WithSummary("The same four times a second, as server-sent events named status.");
        return group;
    }
}
