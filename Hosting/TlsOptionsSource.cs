using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using AccioKestrel.Diagnostics;
using Microsoft.Extensions.Logging;

namespace AccioKestrel.Hosting;

/// <summary>Asks a host's function for the options of a TLS handshake. What is wrong with the function is not the client's fault, and is logged as an error.</summary>
internal sealed class TlsOptionsSource(Func<CancellationToken, ValueTask<SslServerAuthenticationOptions>> function, ILogger logger)
{
    /// <summary>The options for one handshake.</summary>
    /// <param name="cancellationToken">Ends the wait, also if the function blocks its thread.</param>
    public async ValueTask<SslServerAuthenticationOptions> AskAsync(CancellationToken cancellationToken)
    {
        SslServerAuthenticationOptions? options;
        try
        {
            options = await Task.Run(() => function(cancellationToken).AsTask(), CancellationToken.None).WaitAsync(cancellationToken);
        }
        catch (Exception exception)
        {
            AccioLog.TlsOptionsFailed(
                logger, cancellationToken.IsCancellationRequested ? "has not answered in time" : $"has failed: {exception.Message.ReplaceLineEndings(" ")}", exception);
            throw;
        }

        if (options is null || !HasCertificate(options))
        {
            const string problem = "has returned no certificate with a private key";
            AccioLog.TlsOptionsFailed(logger, problem, exception: null);
            throw new InvalidOperationException($"The function that UseAccioTls was given {problem}.");
        }

        return options;
    }

    private static bool HasCertificate(SslServerAuthenticationOptions options) =>
        options.ServerCertificateContext is not null
        || options.ServerCertificateSelectionCallback is not null
        || options.ServerCertificate is X509Certificate2 { HasPrivateKey: true };
}
