using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using AccioKestrel.Diagnostics;
using AccioKestrel.Interop;
using Microsoft.Extensions.Logging;

namespace AccioKestrel.Server;

/// <summary>
/// The server's certificate, and the authorities of its clients' certificates, from PEM files. The files are read for each client, so
/// any way of replacing them takes effect. If the new files are wrong, the previous certificate stays in use.
/// </summary>
internal sealed class TlsCertificates
{
    /// <summary>How long a client waits for the files. Reading them takes a few microseconds, but a network file system can hang.</summary>
    private static readonly TimeSpan s_readTimeout = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly string _certificateFile;
    private readonly string _keyFile;
    private readonly string? _clientAuthorityFile;
    private volatile SslServerAuthenticationOptions _options;

    /// <summary>The current or last reading of the files.</summary>
    private Task _reload = Task.CompletedTask;

    /// <summary>A hash of the files that were read last, right or wrong. Unchanged files are not loaded again.</summary>
    private byte[] _lastHash = [];

    /// <summary>The last problem with the files, so that it is logged once.</summary>
    private string? _problem;

    /// <param name="certificateFile">The certificate, followed by the intermediate ones.</param>
    /// <param name="keyFile">Its private key.</param>
    /// <param name="clientAuthorityFile">The root certificates of clients, or null to require no client certificate.</param>
    /// <exception cref="StartException">A file cannot be read, or has the wrong content.</exception>
    public TlsCertificates(string certificateFile, string keyFile, string? clientAuthorityFile)
    {
        _certificateFile = certificateFile;
        _keyFile = keyFile;
        _clientAuthorityFile = clientAuthorityFile;
        try
        {
            var files = SlowFile.RunUnlessStopped($"read {FileNames}", Read);
            _lastHash = HashOf(files);
            _options = Load(files);
        }
        catch (Exception exception) when (exception.GetBaseException() is ArgumentException)
        {
            throw new StartException($"--tls-key {keyFile} is not the key of --tls-certificate {certificateFile}.", exception);
        }
        catch (Exception exception) when (IsWrong(exception))
        {
            throw new StartException(
                $"TLS needs a certificate, its key and, if clients are to show one, their authority, as PEM files ({FileNames}). {(exception is CryptographicException ? exception.GetBaseException() : exception).Message}",
                exception);
        }
    }

    private IEnumerable<string> Files => ((string?[])[_certificateFile, _keyFile, _clientAuthorityFile]).OfType<string>();

    /// <summary>The file of the certificate.</summary>
    public string CertificateFile => _certificateFile;

    /// <summary>Whether clients must have a certificate too.</summary>
    public bool RequireClientCertificate => _clientAuthorityFile is not null;

    private string FileNames => string.Join(", ", Files);

    /// <summary>The options for the next client's handshake, after a look for changed files.</summary>
    public async ValueTask<SslServerAuthenticationOptions> CurrentAsync(ILogger logger)
    {
        // A reading that hangs delays one client. Later clients do not wait for it, and do not start another.
        if (TryReload(logger, out var reload) && await Task.WhenAny(reload, Task.Delay(s_readTimeout)) != reload)
        {
            AccioLog.CertificateKept(logger, FileNames, "their file system does not answer, and they are not read again before it does");
        }

        return _options;
    }

    /// <summary>Starts to read the files, unless an earlier reading goes on.</summary>
    private bool TryReload(ILogger logger, out Task reload)
    {
        // A client and a SIGHUP can come at once.
        lock (_lock)
        {
            var isFree = _reload.IsCompleted;
            reload = isFree ? _reload = Task.Run(() => Reload(logger)) : _reload;
            return isFree;
        }
    }

    private void Reload(ILogger logger)
    {
        try
        {
            var files = Read();
            var hash = HashOf(files);
            if (hash.AsSpan().SequenceEqual(_lastHash))
            {
                _problem = null;
                return;
            }

            _options = Load(files);
            _lastHash = hash;
            _problem = null;
            AccioLog.CertificateRenewed(logger, FileNames);
        }
        catch (Exception exception) when (IsWrong(exception))
        {
            // Most likely only some of the files were replaced yet. The next client reads them again.
            if (!string.Equals(_problem, exception.Message, StringComparison.Ordinal))
            {
                _problem = exception.Message;
                AccioLog.CertificateKept(logger, FileNames, exception.Message);
            }
        }
    }

    private byte[][] Read() => [.. Files.Select(SmallFile.Read)];

    /// <summary>A hash, because keeping the bytes would keep another copy of the private key in memory.</summary>
    private static byte[] HashOf(byte[][] files) => [.. files.SelectMany(SHA256.HashData)];

    private SslServerAuthenticationOptions Load(byte[][] files)
    {
        var certificate = Encoding.UTF8.GetString(files[0]);
        var chain = new X509Certificate2Collection();
        chain.ImportFromPem(certificate);
        var options = new SslServerAuthenticationOptions
        {
            // Offline: missing intermediate certificates are not downloaded.
            ServerCertificateContext = SslStreamCertificateContext.Create(
                ForThisSystem(X509Certificate2.CreateFromPem(certificate, Encoding.UTF8.GetString(files[1]))), chain, offline: true),
        };
        if (files.Length > 2)
        {
            options.ClientCertificateRequired = true;
            options.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
                DisableCertificateDownloads = true,
            };
            options.CertificateChainPolicy.CustomTrustStore.ImportFromPem(Encoding.UTF8.GetString(files[2]));
            if (options.CertificateChainPolicy.CustomTrustStore.Count == 0)
            {
                throw new CryptographicException($"{_clientAuthorityFile} holds no certificate.");
            }
        }

        return options;
    }

    /// <summary>Other systems than Linux need the key in a key store: Windows refuses one that is only in memory (dotnet/runtime#23749). PKCS#12 puts it there.</summary>
    private X509Certificate2 ForThisSystem(X509Certificate2 certificate)
    {
        if (Platform.HasLinuxCalls)
        {
            return certificate;
        }

        using (certificate)
        {
            try
            {
                return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12, ""), "");
            }
            catch (CryptographicException exception)
            {
                // Not a CryptographicException: of that only the innermost message would be shown.
                throw new IOException($"The key of {_keyFile} cannot be put into this user's key store: {exception.Message}", exception);
            }
        }
    }

    // CreateFromPem throws an ArgumentException when the key belongs to another certificate.
    private static bool IsWrong(Exception exception) =>
        exception is CryptographicException or ArgumentException or IOException or UnauthorizedAccessException;
}
