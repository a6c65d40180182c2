using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using AccioKestrel.Diagnostics;
using Microsoft.Extensions.Logging;

namespace AccioKestrel.Hosting;

/// <summary>Asks a host's function for the options of a TLS handshake. What is wrong with the function is not the client's fault, and is logged as an error.</summary>
internal sealed class TlsOptionsSource(
    Func<CancellationToken, ValueTask<SslServerAuthenticationOptions>> function, ILogger logger, CancellationToken hostStopping)
{
    /// <summary>The options for one handshake.</summary>
    /// <param name="cancellationToken">Ends the wait, also if the function blocks its thread.</param>
    public async ValueTask<SslServerAuthenticationOptions> AskAsync(CancellationToken cancellationToken)
    {
        // A token of its own: what the function has registered with it may throw or block, and the caller's is canceled by the timer of the exchange
        // and by the stop of the host. Not disposed: the function may use it for as long as it likes.
        var givenUp = new CancellationTokenSource();
        var answer = Task.Run(() => function(givenUp.Token).AsTask(), CancellationToken.None);
        await ((Task)answer).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        // The exchange goes on from here, and blocks its thread: not the one that has completed the function's task, which is the host's, and not
        // the one that cancels the token.
        await Task.Yield();
        SslServerAuthenticationOptions? options;
        try
        {
            if (!answer.IsCompleted)
            {
                _ = givenUp.CancelAsync();
                throw new OperationCanceledException(cancellationToken);
            }

            options = await answer;
        }
        catch (Exception exception)
        {
            var isCanceled = cancellationToken.IsCancellationRequested;
            // A stop of the host is no fault of its function.
            if (!isCanceled || !hostStopping.IsCancellationRequested)
            {
                AccioLog.TlsOptionsFailed(logger, isCanceled ? "has not answered in time" : $"has failed: {exception.Message.ReplaceLineEndings(" ")}", exception);
            }

            throw;
        }

        if (options is null || !HasCertificate(options))
        {
            const string problem = "has returned no certificate with a private key";
            AccioLog.TlsOptionsFailed(logger, problem, exception: null);
            throw new InvalidOperationException($"The function that UseAccioTls was given {problem}.");
        }

        if (options.ClientCertificateRequired)
        {
            // By default .NET downloads missing certificates from the address that a client's certificate names, for 15 s and more, and blocks its thread.
            options.CertificateChainPolicy ??= new X509ChainPolicy
            {
                DisableCertificateDownloads = true,
                RevocationMode = options.CertificateRevocationCheckMode,
                RevocationFlag = X509RevocationFlag.ExcludeRoot,
            };
        }

        return options;
    }

    private static bool HasCertificate(SslServerAuthenticationOptions options) =>
        options.ServerCertificateContext is not null
        || options.ServerCertificateSelectionCallback is not null
        || options.ServerCertificate is X509Certificate2 { HasPrivateKey: true };
}
