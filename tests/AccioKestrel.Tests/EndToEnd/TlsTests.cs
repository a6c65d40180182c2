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
    public async Task Plain_AtATlsEndpoint_GetsNoLineAndCostsOtherClientsNothing()
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
        await using var server = await AccioServer.StartAsync($"{_certificates.ServerOptions} --idle-timeout 3");
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
        await using var server = await AccioServer.StartAsync($"{_certificates.ServerOptions} --shutdown-grace 0.3 --idle-timeout 3600");
        using var stream = await HandshakeAsync(server.Port);
        await stream.WriteAsync(Accio.Bytes(Accio.Header + "12345"), TestContext.Current.CancellationToken);
        var buffer = new byte[14];
        await stream.ReadExactlyAsync(buffer, TestContext.Current.CancellationToken).OrGiveUp();
        await server.ExpectStopAfterAsync(Signal.Terminate, seconds: 0.3, "ERROR");
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

    [Fact]
    public async Task Certificate_OfARotatedKubernetesSecret_IsShownToTheNextClient()
    {
        // As the kubelet lays out a volume: the files lead into ..data, which is renamed to lead elsewhere.
        var volume = Directory.CreateDirectory(_certificates.PathOf("volume")).FullName;
        await RotateAsync("v1", "CN=first");
        foreach (var name in (string[])["tls.crt", "tls.key"])
        {
            File.CreateSymbolicLink(Path.Combine(volume, name), $"..data/{name}");
        }

        await using var server = await AccioServer.StartAsync($"--tls-certificate {volume}/tls.crt --tls-key {volume}/tls.key");
        Assert.Equal("CN=first", await SubjectAsync(server.Port));
        await RotateAsync("v2", "CN=second");
        Assert.Equal("CN=second", await SubjectAsync(server.Port));

        Task RotateAsync(string version, string subject)
        {
            Directory.CreateDirectory(Path.Combine(volume, version));
            _certificates.WriteServer(subject);
            Move(_certificates.Server, Path.Combine(volume, version, "tls.crt"));
            Move(_certificates.ServerKey, Path.Combine(volume, version, "tls.key"));
            return ChildProcess.RunShellAsync("cd \"$0\" && ln -s $1 ..new && mv -T ..new ..data", volume, version);
        }

        // The times of both versions are the same, as they are when a secret is mounted again.
        static void Move(string from, string to)
        {
            File.Move(from, to);
            File.SetLastWriteTimeUtc(to, new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        }
    }

    [Fact]
    public async Task Certificate_RenewedWithOlderTimes_IsShownToTheNextClient()
    {
        await using var server = await AccioServer.StartAsync(_certificates.ServerOptions);
        _certificates.WriteServer("CN=renewed");
        foreach (var file in (string[])[_certificates.Server, _certificates.ServerKey])
        {
            File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddDays(-400));
        }

        Assert.Equal("CN=renewed", await SubjectAsync(server.Port));
    }

    [Fact]
    public async Task Certificate_WithTheOldKey_IsSaidOnceAndShownWithTheNewOne()
    {
        await using var server = await AccioServer.StartAsync(_certificates.ServerOptions);
        var key = await File.ReadAllTextAsync(_certificates.ServerKey, TestContext.Current.CancellationToken);
        _certificates.WriteServer("CN=renewed");
        var newKey = await File.ReadAllTextAsync(_certificates.ServerKey, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(_certificates.ServerKey, key, TestContext.Current.CancellationToken);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal("CN=localhost", await SubjectAsync(server.Port));
        }

        await File.WriteAllTextAsync(_certificates.ServerKey, newKey, TestContext.Current.CancellationToken);
        Assert.Equal("CN=renewed", await SubjectAsync(server.Port));
        await server.Errors.WaitUntilAsync(text => text.Contains("TLS certificate read again", StringComparison.Ordinal));
        Assert.Equal(2, server.Errors.ToString().Split("TLS certificate not renewed").Length);
        Assert.DoesNotContain("   at ", server.Errors.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("rm {0}")]
    [InlineData("rm {0}; mkdir {0}")]
    [InlineData("rm {0}; ln -s {0} {0}")]
    [InlineData("rm {0}; ln -s /dev/zero {0}")]
    public async Task Certificate_ThatCannotBeRead_LeavesTheOldOne(string script)
    {
        await using var server = await AccioServer.StartAsync(_certificates.ServerOptions);
        await ChildProcess.RunShellAsync(script.Replace("{0}", "\"$0\"", StringComparison.Ordinal), _certificates.Server);
        Assert.Equal("CN=localhost", await SubjectAsync(server.Port));
        Assert.Equal("CN=localhost", await SubjectAsync(server.Port));
        await server.Errors.WaitUntilAsync(text => text.Contains("TLS certificate not renewed", StringComparison.Ordinal));
        Assert.Equal(2, server.Errors.ToString().Split("TLS certificate not renewed").Length);

        await ChildProcess.RunShellAsync("rm -r \"$0\"; true", _certificates.Server);
        _certificates.WriteServer("CN=renewed");
        Assert.Equal("CN=renewed", await SubjectAsync(server.Port));
    }

    [Fact]
    public async Task Certificate_OnAFileSystemThatHangs_HoldsUpNoTurn()
    {
        await using var server = await AccioServer.StartAsync(_certificates.ServerOptions);
        // Who opens a pipe waits for its other end.
        await ChildProcess.RunShellAsync("rm \"$0\"; mkfifo \"$0\"", _certificates.Server);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal("CN=localhost", await SubjectAsync(server.Port));
        }

        // A client whose exchange begins in a stop may have no line.
        await server.ExpectLinesAsync("ERROR", "ERROR", "ERROR");
        await server.StopAsync("ERROR", "ERROR", "ERROR");
        Assert.Equal(2, server.Errors.ToString().Split("TLS certificate not renewed").Length);
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

    [Theory]
    [InlineData("confirm-accio\r\nconfirm-accio-again\r\n\r\n12345", true, "close_notify", "5")]
    [InlineData("what?", false, "close_notify", "ERROR")]
    [InlineData("confirm-accio\r\nconfirm-accio-again\r\n\r\n12345", false, "cut", "ERROR")]
    public async Task End_OfTls_IsACloseNotify_UnlessALimitHasCutIt(string text, bool ends, string end, string line)
    {
        Needs.Installed("python3");
        await using var server = await AccioServer.StartAsync($"{_certificates.ServerOptions} --idle-timeout 1");

        var heard = await ChildProcess.RunShellAsync(
            """
            exec python3 -c '
            import socket, ssl, sys
            port, authority, text, ends = sys.argv[1:]
            client = ssl.create_default_context(cafile=authority).wrap_socket(
                socket.create_connection(("127.0.0.1", int(port))), server_hostname="localhost", suppress_ragged_eofs=False)
            client.sendall(text.encode())
            try:
                if ends == "True":
                    for _ in range(2): assert client.recv(7) == b"accio\r\n"
                    client.unwrap()
                else:
                    while client.recv(100): pass
                print("close_notify")
            except (ConnectionResetError, ssl.SSLEOFError): print("cut")' "$@"
            """,
            "sh", AccioServer.Number(server.Port), _certificates.Authority, text, ends.ToString());

        Assert.Equal($"{end}\n", heard);
        await server.ExpectLinesAsync(line);
        await server.StopAsync(line);
    }

    private async Task OpenSslAsync(int port, int size, string options = "", bool isServed = true)
    {
        Needs.Installed("openssl");
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
