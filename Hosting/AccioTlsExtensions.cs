using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using AccioKestrel;
using AccioKestrel.Diagnostics;
using AccioKestrel.Exchange;
using AccioKestrel.Hosting;
using AccioKestrel.Transport;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Microsoft.AspNetCore.Hosting;

/// <summary>Adds TLS to an Accio endpoint. The exchange inside is the same.</summary>
/// <remarks>
/// Not Kestrel's <c>UseHttps</c>: its handshake runs before the handler, so a client would hold the only turn under the time-out of that
/// middleware, and no log, metric or status page of Accio would show it. This handshake is part of the client's turn, within
/// <see cref="AccioOptions.IdleTimeout"/>, <see cref="AccioOptions.HandshakeTimeout"/> and <see cref="AccioOptions.MaxExchangeDuration"/>.
/// A client whose handshake fails has no result; it is logged, and counted by the metric <c>accio.failed_tls_handshakes</c>. Other
/// middleware comes before <c>UseAccioTls</c>: behind it there are no bytes before the handler has done the handshake.
/// </remarks>
public static class AccioTlsExtensions
{
    /// <summary>Serves this endpoint with TLS and one certificate.</summary>
    /// <param name="endpoint">An Accio endpoint, in the <c>configure</c> argument of <c>ListenAccio</c>.</param>
    /// <param name="certificate">
    /// The certificate, with its private key. Intermediate certificates are taken from the system's stores and never downloaded; to send
    /// others, use the overload with options.
    /// </param>
    /// <exception cref="ArgumentException">The certificate has no private key.</exception>
    public static ListenOptions UseAccioTls(this ListenOptions endpoint, X509Certificate2 certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        if (!certificate.HasPrivateKey)
        {
            throw new ArgumentException("The certificate has no private key; load both, as X509CertificateLoader.LoadPkcs12FromFile does.", nameof(certificate));
        }

        var options = new SslServerAuthenticationOptions
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(certificate, additionalCertificates: null, offline: true),
        };
        return endpoint.UseAccioTls(_ => ValueTask.FromResult(options), EndPointTls.ServerCertificate);
    }

    /// <summary>Serves this endpoint with TLS and options that each client's handshake asks for, so that a renewed certificate needs no restart.</summary>
    /// <param name="endpoint">An Accio endpoint, in the <c>configure</c> argument of <c>ListenAccio</c>.</param>
    /// <param name="options">
    /// Returns the options for one handshake, which must have a certificate with its private key; return the same object until they change. It
    /// is called on a thread of the pool, and its time counts as the client's: the token is canceled when the handshake must end. If it fails, so
    /// does the handshake, and the log has the reason as an error. Functions inside the options, such as
    /// <c>RemoteCertificateValidationCallback</c>, must not block: no other client is served meanwhile. If client certificates are required and
    /// <c>CertificateChainPolicy</c> is not set, it is set to one that downloads nothing. Set
    /// <c>ServerCertificateContext</c>: with <c>ServerCertificate</c> alone, .NET builds the chain in each handshake, and may download intermediate
    /// certificates meanwhile.
    /// </param>
    public static ListenOptions UseAccioTls(this ListenOptions endpoint, Func<CancellationToken, ValueTask<SslServerAuthenticationOptions>> options)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        ArgumentNullException.ThrowIfNull(options);
        var services = endpoint.ApplicationServices;
        var source = new TlsOptionsSource(
            options,
            new UnfailingLogger(services.GetRequiredService<ILoggerFactory>().CreateLogger(LogCategory.Certificates)),
            services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping);
        return endpoint.UseAccioTls(source.AskAsync, EndPointTls.ServerCertificate);
    }

    /// <param name="endpoint">An Accio endpoint.</param>
    /// <param name="options">Returns the options for one handshake.</param>
    /// <param name="tls">What the status page shows of it.</param>
    internal static ListenOptions UseAccioTls(
        this ListenOptions endpoint, Func<CancellationToken, ValueTask<SslServerAuthenticationOptions>> options, EndPointTls tls)
    {
        if (endpoint.EndPoint is AccioEndPoint accio)
        {
            accio.Tls = accio.Tls is EndPointTls.None ? tls : throw new InvalidOperationException($"UseAccioTls was called twice for {accio}.");
        }

        endpoint.Use(next => connection => ServeAsync(connection, options, next));
        return endpoint;
    }

    /// <summary>Replaces the connection's transport while the connection is served, and offers the handshake to the handler.</summary>
    private static async Task ServeAsync(
        ConnectionContext connection, Func<CancellationToken, ValueTask<SslServerAuthenticationOptions>> options, ConnectionDelegate next)
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
