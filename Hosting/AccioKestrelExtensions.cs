using System.Net;
using AccioKestrel;
using AccioKestrel.Hosting;
using AccioKestrel.Transport;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.AspNetCore.Hosting;

/// <summary>Adds Accio endpoints to a host.</summary>
/// <remarks>
/// They are served beside the host's own endpoints, and change nothing about those: configured URLs go on working, and endpoint defaults,
/// connection limits and <c>Kestrel:Endpoints</c> apply to HTTP alone.
/// </remarks>
public static class AccioKestrelExtensions
{
    /// <summary>Serves Accio on this TCP port of every IPv4 address.</summary>
    /// <param name="kestrel">The options of the host's Kestrel.</param>
    /// <param name="port">From 1 to 65535, or 0 for any free one.</param>
    /// <exception cref="InvalidOperationException"><c>AddAccio</c> was not called.</exception>
    public static KestrelServerOptions ListenAccio(this KestrelServerOptions kestrel, int port) =>
        kestrel.ListenAccio(IPAddress.Any, port);

    /// <summary>Serves Accio on this TCP port of one address.</summary>
    /// <param name="kestrel">The options of the host's Kestrel.</param>
    /// <param name="address">The address to listen on.</param>
    /// <param name="port">From 1 to 65535, or 0 for any free one.</param>
    /// <exception cref="InvalidOperationException"><c>AddAccio</c> was not called.</exception>
    public static KestrelServerOptions ListenAccio(this KestrelServerOptions kestrel, IPAddress address, int port) =>
        kestrel.ListenAccio(address, port, static _ => { });

    /// <summary>Serves Accio on this TCP port of one address, with connection middleware in front of the exchange.</summary>
    /// <param name="kestrel">The options of the host's Kestrel.</param>
    /// <param name="address">The address to listen on.</param>
    /// <param name="port">From 1 to 65535, or 0 for any free one.</param>
    /// <param name="configure">Adds the middleware.</param>
    /// <exception cref="InvalidOperationException"><c>AddAccio</c> was not called.</exception>
    public static KestrelServerOptions ListenAccio(
        this KestrelServerOptions kestrel, IPAddress address, int port, Action<ListenOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(kestrel);
        ArgumentNullException.ThrowIfNull(address);
        ArgumentOutOfRangeException.ThrowIfNegative(port);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(port, IPEndPoint.MaxPort);
        ArgumentNullException.ThrowIfNull(configure);
        var server = kestrel.ApplicationServices?.GetService<AccioHostedServer>()
            ?? throw new InvalidOperationException("ListenAccio needs builder.Services.AddAccio().");
        server.Listen(kestrel, address, port, configure);
        return kestrel;
    }

    /// <summary>
    /// Adds an Accio endpoint to this Kestrel itself. It ignores configured URLs then, so this is for a host whose endpoints are all in code:
    /// the program, which saves the second Kestrel.
    /// </summary>
    internal static KestrelServerOptions ListenAccioCore(
        this KestrelServerOptions kestrel, IPAddress address, int port, Action<ListenOptions> configure)
    {
        kestrel.Listen(new AccioEndPoint(address, port), listen =>
        {
            // First of all: the allowed networks are those of clients, and what the balancer sends comes before TLS.
            listen.Use(kestrel.ApplicationServices.GetRequiredService<ProxyProtocol>().TakeHeader);
            listen.Use(kestrel.ApplicationServices.GetRequiredService<AllowedNetworks>().Guard);
            configure(listen);
            listen.UseConnectionHandler<AccioConnectionHandler>();
        });
        return kestrel;
    }
}
