using AccioKestrel.Diagnostics;
using AccioKestrel.Transport;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AccioKestrel.Server;

/// <summary>Adds TLS with the program's certificates to its endpoint.</summary>
internal static class TlsEndpoint
{
    /// <param name="endpoint">An Accio endpoint.</param>
    /// <param name="certificates">The certificates, or null for an endpoint without TLS.</param>
    public static void UseTls(this ListenOptions endpoint, TlsCertificates? certificates)
    {
        if (certificates is null)
        {
            return;
        }

        var logger = new UnfailingLogger(endpoint.ApplicationServices.GetRequiredService<ILoggerFactory>().CreateLogger(LogCategory.Certificates));
        // The next client would have the files read again anyway. An operator who has replaced the files sees at once whether they are right.
        ReloadSignal.Add(() => certificates.CurrentAsync(logger).AsTask().Wait());
        endpoint.UseAccioTls(
            _ => certificates.CurrentAsync(logger), certificates.RequireClientCertificate ? EndPointTls.BothCertificates : EndPointTls.ServerCertificate);
    }
}
