using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace AccioKestrel.Tests.EndToEnd;

/// <summary>An authority of the test's own, and certificates of it, as PEM files in a folder that goes with it.</summary>
internal sealed class TestCertificates : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("accio-tls-").FullName;
    private readonly X509Certificate2 _authority = NewAuthority("CN=Test authority");
    private readonly X509Certificate2 _foreignAuthority = NewAuthority("CN=Foreign authority");

    public TestCertificates()
    {
        File.WriteAllText(Authority, _authority.ExportCertificatePem());
        WriteServer("CN=localhost");
    }

    public string Authority => PathOf("ca.pem");

    public string Server => PathOf("server.pem");

    public string ServerKey => PathOf("server.key");

    public string ServerOptions => $"--tls-certificate {Server} --tls-key {ServerKey}";

    public string PathOf(string name) => Path.Combine(_folder, name);

    /// <summary>Replaces the server's certificate, as a renewal does.</summary>
    public void WriteServer(string subject) => Write("server", subject, _authority, DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));

    /// <returns>What <c>openssl s_client</c> takes to show a client's certificate.</returns>
    public string Client(string name, bool foreign = false, bool expired = false)
    {
        var end = DateTimeOffset.UtcNow.AddDays(expired ? -1 : 1);
        Write(name, $"CN={name}", foreign ? _foreignAuthority : _authority, DateTimeOffset.UtcNow.AddDays(-3), end);
        return $"-cert {PathOf($"{name}.pem")} -key {PathOf($"{name}.key")}";
    }

    public void Dispose()
    {
        _authority.Dispose();
        _foreignAuthority.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private void Write(string name, string subject, X509Certificate2 authority, DateTimeOffset start, DateTimeOffset end)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.Create(authority, start, end, RandomNumberGenerator.GetBytes(8));
        File.WriteAllText(PathOf($"{name}.key"), key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(PathOf($"{name}.pem"), certificate.ExportCertificatePem());
    }

    private static X509Certificate2 NewAuthority(string subject)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-10), DateTimeOffset.UtcNow.AddDays(10));
    }
}
