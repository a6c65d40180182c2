using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace AccioKestrel.Tests.Hosting;

/// <summary>The ports on which a host serves Accio.</summary>
internal static class AccioPort
{
    /// <summary>The ports of <c>ListenAccio</c> in their order; of a host that has none, the ports of its own Kestrel.</summary>
    public static int[] AccioPorts(this WebApplication app) =>
        app.Services.GetRequiredService<BoundListeners>().All is { Count: > 0 } bound
            ? [.. bound.Select(listener => ((IPEndPoint)listener.EndPoint).Port)]
            : [.. app.Urls.Select(url => new Uri(url).Port)];
}
