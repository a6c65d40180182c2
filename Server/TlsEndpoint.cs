using System.Net.Security;
using AccioKestrel.Diagnostics;
using AccioKestrel.Exchange;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AccioKestrel.Server;

/// <summary>Adds TLS to an Accio endpoint. The exchange inside is the same.</summary>
/// <remarks>
/// Not Kestrel's HTTPS middleware: its handshake runs before the handler, so a client would hold the only turn under the middleware's
/// own time-out, and no log, page or terminal would show it.
/// </remarks>
internal static class TlsEndpoint
{
    /// <param name="endpoint">An Accio endpoint.</param>
    /// <param name="certificates">The certificates, or null for an endpoint without TLS.</param>
    public static void UseTls(this ListenOptions endpoint, TlsCertificates? certificates)
    {
        if (certificates is not null)
        {
            var logger = new UnfailingLogger(endpoint.ApplicationServices.GetRequiredService<ILoggerFactory>().CreateLogger(LogCategory.Certificates));
            // The next client would have the files read again anyway. An operator who has replaced the files sees at once whether they are right.
            ReloadSignal.Add(() => certificates.CurrentAsync(logger).AsTask().Wait());
            endpoint.Use(next => connection => ServeAsync(connection, () => certificates.CurrentAsync(logger), next));
        }
    }

    /// <summary>Replaces the connection's transport while the connection is served, and offers the handshake to the handler.</summary>
    private static async Task ServeAsync(ConnectionContext connection, Func<ValueTask<SslServerAuthenticationOptions>> options, ConnectionDelegate next)
    {
        var outer = connection.Transport;
        await using var tls = new TlsTransport(outer, options);
        connection.Features.Set<ITlsHandshake>(tls);
        connection.Transport = tls;
        try
        {
            await next(connection);
        }
        finally
        {
            connection.Transport = outer;
        }
    }
}
