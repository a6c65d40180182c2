using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace AccioKestrel;

/// <summary>
/// The certificate that the server shows, and whose clients it takes, from PEM files. A file that has changed is read
/// again for the next connection; one that is then wrong leaves things as they are.
/// </summary>
internal sealed class TlsCertificates
{
    private readonly string _certificateFile;
    private readonly string _keyFile;
    private readonly string? _clientAuthorityFile;
    private SslServerAuthenticationOptions _options;
    private DateTime _changedAt;

    /// <param name="certificateFile">The certificate, with those between it and its root behind it.</param>
    /// <param name="keyFile">Its private key.</param>
    /// <param name="clientAuthorityFile">The roots of the clients' certificates, or null to ask clients for none.</param>
    /// <exception cref="InvalidDataException">One of them cannot be read, or is not what it should be.</exception>
    public TlsCertificates(string certificateFile, string keyFile, string? clientAuthorityFile)
    {
        _certificateFile = certificateFile;
        _keyFile = keyFile;
        _clientAuthorityFile = clientAuthorityFile;
        _changedAt = ChangedAt();
        try
        {
            _options = Load();
        }
        catch (Exception exception) when (IsWrong(exception))
        {
            throw new InvalidDataException(
                $"TLS needs a certificate, its key and, if clients are to show one, their authority, as PEM files ({string.Join(", ", Files)}).", exception);
        }
    }

    private IEnumerable<string> Files => ((string?[])[_certificateFile, _keyFile, _clientAuthorityFile]).OfType<string>();

    /// <summary>For Kestrel's HTTPS middleware, which asks at each handshake.</summary>
    public ValueTask<SslServerAuthenticationOptions> OnConnection(TlsHandshakeCallbackContext context)
    {
        var changedAt = ChangedAt();
        if (changedAt != _changedAt)
        {
            _changedAt = changedAt;
            try
            {
                _options = Load();
            }
            catch (Exception exception) when (IsWrong(exception))
            {
                // Half-written, most likely: the next change is the other half.
            }
        }

        return ValueTask.FromResult(_options);
    }

    private SslServerAuthenticationOptions Load()
    {
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(_certificateFile);
        var options = new SslServerAuthenticationOptions
        {
            // Offline: what is not in the file is not fetched from anywhere.
            ServerCertificateContext = SslStreamCertificateContext.Create(
                X509Certificate2.CreateFromPemFile(_certificateFile, _keyFile), chain, offline: true),
        };
        if (_clientAuthorityFile is not null)
        {
            options.ClientCertificateRequired = true;
            options.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
                DisableCertificateDownloads = true,
            };
            options.CertificateChainPolicy.CustomTrustStore.ImportFromPemFile(_clientAuthorityFile);
            if (options.CertificateChainPolicy.CustomTrustStore.Count == 0)
            {
                throw new CryptographicException($"{_clientAuthorityFile} holds no certificate.");
            }
        }

        return options;
    }

    private DateTime ChangedAt() => Files.Max(File.GetLastWriteTimeUtc);

    private static bool IsWrong(Exception exception) => exception is CryptographicException or IOException or UnauthorizedAccessException;
}
