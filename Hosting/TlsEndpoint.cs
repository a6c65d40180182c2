using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace AccioKestrel;

/// <summary>Puts Kestrel's own HTTPS middleware in front of the exchange, which is the same inside.</summary>
internal static class TlsEndpoint
{
    /// <param name="endpoint">An Accio endpoint.</param>
    /// <param name="certificates">What to show and ask for, or null for an endpoint without TLS.</param>
    public static void UseTls(this ListenOptions endpoint, TlsCertificates? certificates)
    {
        if (certificates is not null)
        {
            endpoint.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = certificates.OnConnection });
        }
    }
}
