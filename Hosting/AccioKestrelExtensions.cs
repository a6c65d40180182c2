using System.Net;
using AccioKestrel;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.AspNetCore.Hosting;

/// <summary>Adds Accio endpoints to Kestrel.</summary>
public static class AccioKestrelExtensions
{
    /// <summary>Serves Accio on this TCP port of every IPv4 address.</summary>
    /// <param name="kestrel">Kestrel's options.</param>
    /// <param name="port">From 1 to 65535, or 0 for any free one.</param>
    public static KestrelServerOptions ListenAccio(this KestrelServerOptions kestrel, int port) =>
        kestrel.ListenAccio(IPAddress.Any, port);

    /// <summary>Serves Accio on this TCP port of one address.</summary>
    /// <param name="kestrel">Kestrel's options.</param>
    /// <param name="address">The address to listen on.</param>
    /// <param name="port">From 1 to 65535, or 0 for any free one.</param>
    public static KestrelServerOptions ListenAccio(this KestrelServerOptions kestrel, IPAddress address, int port) =>
        kestrel.ListenAccio(address, port, static _ => { });

    /// <summary>Serves Accio on this TCP port of one address, with connection middleware in front of the exchange.</summary>
    /// <param name="kestrel">Kestrel's options.</param>
    /// <param name="address">The address to listen on.</param>
    /// <param name="port">From 1 to 65535, or 0 for any free one.</param>
    /// <param name="configure">Adds the middleware.</param>
    /// <exception cref="InvalidOperationException"><c>AddAccio</c> was not called.</exception>
    public static KestrelServerOptions ListenAccio(
        this KestrelServerOptions kestrel, IPAddress address, int port, Action<ListenOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(kestrel);
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(configure);
        if (kestrel.ApplicationServices.GetService<AccioConnectionHandler>() is null)
        {
            throw new InvalidOperationException("ListenAccio needs builder.Services.AddAccio() before it.");
        }

        kestrel.Listen(new AccioEndPoint(address, port), listen =>
        {
            listen.Use(kestrel.ApplicationServices.GetRequiredService<AllowedNetworks>().Guard);
            configure(listen);
            listen.UseConnectionHandler<AccioConnectionHandler>();
        });
        return kestrel;
    }
}
