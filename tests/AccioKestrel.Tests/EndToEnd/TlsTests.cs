using System.Net;
using System.Net.Security;
using System.Net.Sockets;

namespace AccioKestrel.Tests.EndToEnd;

/// <summary>The exchange inside TLS, with real <c>openssl s_client</c> and certificates good and bad.</summary>
public sealed class TlsTests : IDisposable
{
    private readonly TestCertificates _certificates = new();

    public void Dispose() => _certificates.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(3_000_000)]
    public async Task File_ByOpenSsl_IsCounted(int size)
    {
        await using var server = await AccioServer.StartAsync(_certificates.ServerOptions);
        await OpenSslAsync(server.Port, size);
        await server.ExpectLinesAsync(size);
        await server.StopAsync(size);
    }

    [Fact]
    public async Task Plain_AtATlsEndpoint_GetsNoLineAndCostsNobodyElseAnything()
    {
        await using var server = await AccioServer.StartAsync(_certificates.ServerOptions);
        using (var plain = await server.ConnectAsync())
        {
            await plain.SendAsync(Accio.StreamOf(5));
            await Assert.ThrowsAnyAsync<Exception>(async () => Assert.Equal("never", await plain.WaitForCloseAsync()));
        }

        await OpenSslAsync(server.Port, 7);
        await server.ExpectLinesAsync(7);
        await server.StopAsync(7);
    }

    [Fact]
    public async Task Silence_InsideTls_IsStillAnError()
    {
        await using var server = await AccioServer.StartAsync($"{_certificates.ServerOptions} --idle-timeout 0.5");
        using var stream = await HandshakeAsync(server.Port);
        await stream.WriteAsync(Accio.Bytes(Accio.Header + "12345"), TestContext.Current.CancellationToken);
        await server.ExpectLinesAsync("ERROR");
        await OpenSslAsync(server.Port, 7);
        await server.StopAsync("ERROR", 7);
    }

    [Fact]
    public async Task Bytes_OneByOneAcrossTimersThatWakeTheRead_AreAllCounted()
    {
        // Each tick of the limit cancels the read below TLS, which must go on where it was.
        await using var server = await AccioServer.StartAsync($"{_certificates.ServerOptions} --max-exchange-duration 60");
        using var stream = await HandshakeAsync(server.Port);
        await stream.WriteAsync(Accio.Bytes(Accio.Header), TestContext.Current.CancellationToken);
        for (var i = 0; i < 8; i++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(300), TestContext.Current.CancellationToken);
            await stream.WriteAsync(new byte[1000], TestContext.Current.CancellationToken);
        }

        await stream.ShutdownAsync();
        await server.ExpectLinesAsync(8000);
        await server.StopAsync(8000);
    }

    [Fact]
    public async Task Stop_DuringATransferInsideTls_EndsItAfterTheGrace()
    {
        await using var server = await AccioServer.StartAsync($"{_certificates.ServerOptions} --shutdown-grace 0.3");
        using var stream = await HandshakeAsync(server.Port);
        await stream.WriteAsync(Accio.Bytes(Accio.Header + "12345"), TestContext.Current.CancellationToken);
        var buffer = new byte[14];
        await stream.ReadExactlyAsync(buffer, TestContext.Current.CancellationToken).OrGiveUp();
        Assert.InRange(await server.StopAsync("ERROR"), TimeSpan.Zero, TimeSpan.FromSeconds(4));
    }

    [Fact]
    public async Task ClientCertificate_OfTheAuthority_IsServed_AndMissingForeignAndExpiredOnesAreNot()
    {
        await using var server = await AccioServer.StartAsync($"{_certificates.ServerOptions} --tls-client-ca {_certificates.Authority}");
        foreach (var refused in (string[])["", _certificates.Client("foreign", foreign: true), _certificates.Client("expired", expired: true)])
        {
            await OpenSslAsync(server.Port, 5, refused, isServed: false);
        }

        await OpenSslAsync(server.Port, 7, _certificates.Client("good"));
        await server.ExpectLinesAsync(7);
        await server.StopAsync(7);
    }

    [Fact]
    public async Task Certificate_Renewed_IsShownToTheNextClient_AndAHalfWrittenOneIsNot()
    {
        await using var server = await AccioServer.StartAsync(_certificates.ServerOptions);
        Assert.Equal("CN=localhost", await SubjectAsync(server.Port));
        await File.WriteAllTextAsync(_certificates.Server, "-----BEGIN CERTIFICATE-----\nhalf", TestContext.Current.CancellationToken);
        Assert.Equal("CN=localhost", await SubjectAsync(server.Port));
        _certificates.WriteServer("CN=renewed");
        Assert.Equal("CN=renewed", await SubjectAsync(server.Port));
    }

    [Theory]
    [InlineData("--tls-certificate /no/such.pem --tls-key /no/such.key", "/no/such.pem")]
    [InlineData("--tls-certificate /etc/passwd --tls-key /etc/passwd", "TLS needs a certificate")]
    [InlineData("--tls-certificate /etc/passwd", "must be given together")]
    [InlineData("--tls-client-ca /etc/passwd", "only with them")]
    public async Task Files_Bad_AreExplained(string options, string message)
    {
        await using var command = new ChildProcess(AccioServer.Binary, [AccioServer.Number(AccioServer.FreePort()), .. options.Split(' ')]);
        Assert.Equal(1, await command.ExitAsync());
        Assert.StartsWith("ERROR: ", command.Errors.ToString(), StringComparison.Ordinal);
        Assert.Contains(message, command.Errors.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", command.Errors.ToString(), StringComparison.Ordinal);
    }

    private async Task OpenSslAsync(int port, int size, string options = "", bool isServed = true)
    {
        var file = _certificates.PathOf("input");
        await File.WriteAllBytesAsync(file, Accio.StreamOf(size), TestContext.Current.CancellationToken);
        // Its end of input ends the connection, as the client's half-close does without TLS. A client that is not served
        // may learn it only when it reads, so nothing is asked of the exit code then.
        await ChildProcess.RunShellAsync(
            $"openssl s_client -connect 127.0.0.1:{port} -CAfile {_certificates.Authority} -verify_return_error -quiet -no_ign_eof -nocommands {options} < \"$0\" >&2 {(isServed ? "" : "|| true")}",
            file);
    }

    private static async Task<SslStream> HandshakeAsync(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, port).OrGiveUp();
        var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
        // The certificate is the test's own; that it is verified is openssl's part.
        await stream.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                CertificateChainPolicy = new() { VerificationFlags = System.Security.Cryptography.X509Certificates.X509VerificationFlags.AllowUnknownCertificateAuthority },
            },
            TestContext.Current.CancellationToken).OrGiveUp();
        return stream;
    }

    private static async Task<string> SubjectAsync(int port)
    {
        using var stream = await HandshakeAsync(port);
        return stream.RemoteCertificate!.Subject;
    }
}
