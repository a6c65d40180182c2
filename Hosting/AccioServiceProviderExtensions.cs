using System.Net;
using AccioKestrel.Transport;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Asks a running host about its Accio endpoints.</summary>
public static class AccioServiceProviderExtensions
{
    /// <summary>
    /// The addresses and ports on which the host serves Accio, in the order in which they were bound. A test that
    /// calls <c>ListenAccio(0)</c> gets the port here. Empty before the host has started and while it stops.
    /// </summary>
    /// <param name="services">The host's services: <c>app.Services</c>, or those of a <c>WebApplicationFactory</c>.</param>
    /// <exception cref="InvalidOperationException"><c>AddAccio</c> was not called.</exception>
    public static IReadOnlyList<IPEndPoint> GetAccioEndPoints(this IServiceProvider services) =>
        [.. (services.GetService<BoundListeners>() ?? throw new InvalidOperationException("GetAccioEndPoints needs builder.Services.AddAccio()."))
            .All.Select(listener => (IPEndPoint)listener.EndPoint)];
}
