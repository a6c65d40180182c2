using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace AccioKestrel.Tests.EndToEnd;

/// <summary>What the server says when it starts, and what it says instead when something keeps it from starting.</summary>
public sealed class StartTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("accio-start-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Announcement_SaysTlsAndStatusPage()
    {
        using var certificates = new TestCertificates();
        var status = AccioServer.FreePort();
        await using var server = await AccioServer.StartAsync($"{certificates.ServerOptions} --status {status}");
        await ExpectAsync(server, $"Listening on 0.0.0.0:{server.Port}");
        await ExpectAsync(server, $"Serving Accio inside TLS, with the certificate {certificates.Server}");
        await ExpectAsync(server, $"Status page at http://127.0.0.1:{status}/");
    }

    [Fact]
    public async Task Announcement_OfAStatusPageOnAllAddresses_IsAUrlToOpen()
    {
        var status = AccioServer.FreePort();
        await using var server = await AccioServer.StartAsync($"--status 0.0.0.0:{status}");
        await ExpectAsync(server, "Serving Accio without TLS");
        await ExpectAsync(server, $"Status page at http://127.0.0.1:{status}/, and at the other addresses of this machine");
    }

    [Fact]
    public async Task Announcement_OfABacklogThatTheKernelCaps_SaysByHowMuch()
    {
        Needs.Linux("a system that says how it caps backlogs");
        const int wanted = 65_535;
        var cap = int.Parse(await File.ReadAllTextAsync("/proc/sys/net/core/somaxconn", TestContext.Current.CancellationToken), CultureInfo.InvariantCulture);
        Assert.SkipUnless(cap < wanted, "This system caps no backlog.");
        await using var capped = await AccioServer.StartAsync($"--backlog {wanted}");
        await ExpectAsync(capped, $"The kernel lets {cap} clients wait, not {wanted}; raise net.core.somaxconn");

        await using var other = await AccioServer.StartAsync($"--backlog {cap}");
        await ExpectAsync(other, "Serving Accio without TLS");
        Assert.DoesNotContain("The kernel lets", other.Errors.ToString(), StringComparison.Ordinal);
    }

    /// <summary>A start that is stopped is no failure. A check that is stopped has not found the settings right.</summary>
    [Theory]
    [InlineData("--config {0}", 0)]
    [InlineData("--tls-certificate {0} --tls-key {0}", 0)]
    [InlineData("--config {0} --check-config", 1)]
    [InlineData("--tls-certificate {0} --tls-key {0} --check-config", 1)]
    public async Task Signal_WhileAFileDoesNotEnd_StopsTheStartThatHasSaidSo(string options, int exitCode)
    {
        var pipe = Path.Combine(_folder, "pipe");
        await ChildProcess.RunShellAsync("mkfifo \"$0\"", pipe);
        await using var command = new ChildProcess(
            AccioServer.Binary, [AccioServer.Number(AccioServer.FreePort()), .. string.Format(CultureInfo.InvariantCulture, options, pipe).Split(' ')]);
        // Opens when the server has opened the other end, which then waits for bytes.
        using var writer = await Task.Run(() => new FileStream(pipe, FileMode.Open, FileAccess.Write, FileShare.ReadWrite)).OrGiveUp();
        var notice = await command.Errors.WaitUntilAsync(text => text.EndsWith('\n'));
        Assert.StartsWith("Waiting to read ", notice, StringComparison.Ordinal);
        Assert.Contains(pipe, notice, StringComparison.Ordinal);
        Signal.Terminate.SendTo(command.Id);
        Assert.Equal(exitCode, await command.ExitAsync());
        Assert.Equal(notice, command.Errors.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("--log-format json")]
    public async Task Failure_AfterAllElseIsBound_IsStillTheFirstThingSaid(string options)
    {
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        taken.Listen();
        await FailedStart.ExpectOptionsAsync(
            $"--status {taken.LocalEndPoint} {options}", $"--status {taken.LocalEndPoint} is in use", ("Logging__LogLevel__Default", "Trace"), ("Logging__LogLevel__Microsoft", "Trace"));
    }

    [Fact]
    public async Task Status_OnThePortOfAccio_IsAnError()
    {
        var port = AccioServer.Number(AccioServer.FreePort());
        await using var command = new ChildProcess(AccioServer.Binary, [port, "--status", port]);
        await FailedStart.ExpectAsync(command, $"--status 127.0.0.1:{port} is where Accio is to be served; choose another port than {port}");

        await using var server = new ChildProcess(AccioServer.Binary, [port, "--status", $"127.0.0.2:{port}", "--listen", "127.0.0.3"]);
        await server.Errors.WaitUntilAsync(text => text.Contains($"Listening on 127.0.0.3:{port}\n", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("--listen 192.0.2.1", "--listen 192.0.2.1: this machine does not have that address; choose one that it has, or 0.0.0.0")]
    [InlineData("--listen 2001:db8::1", "--listen 2001:db8::1: ")]
    [InlineData("--status 192.0.2.1:8080", "--status 192.0.2.1:8080: this machine does not have that address")]
    [InlineData("--listen 1.2.3", "--listen takes an IPv4 or IPv6 address, such as 127.0.0.1 or ::, not '1.2.3'.")]
    [InlineData("--listen 5", "not '5'")]
    [InlineData("--listen 010.0.0.1", "not '010.0.0.1'")]
    [InlineData("--listen 0x7f.0.0.1", "not '0x7f.0.0.1'")]
    [InlineData("--status 1.2.3:8080", "not '1.2.3:8080'")]
    [InlineData("--allow 10.0/8", "not '10.0/8'")]
    public async Task Address_ThatIsNone_OrNotOfThisMachine_IsExplained(string options, string reason) =>
        await FailedStart.ExpectOptionsAsync(options, reason);

    [Fact]
    public async Task Config_WithoutAName_IsAnError()
    {
        await using var command = new ChildProcess(AccioServer.Binary, ["5000", "--config", ""]);
        await FailedStart.ExpectAsync(command, "--config takes the name of a file, not ''.");
    }

    [Theory]
    [InlineData("--config /", "--config / is a directory, not a JSON file.")]
    [InlineData("--config /no/such.json", "--config /no/such.json does not exist")]
    [InlineData("--config /etc/passwd", "--config /etc/passwd is not a JSON file of settings: ")]
    [InlineData("--config /dev/zero", "--config /dev/zero cannot be read: /dev/zero has more than 1 MiB")]
    [InlineData("--config /dev/null", "is not a JSON file of settings: ")]
    public async Task Config_ThatIsNoFileOfSettings_IsExplained(string options, string reason) =>
        await FailedStart.ExpectOptionsAsync(options, reason);

    [Theory]
    [InlineData(".accio.json")]
    [InlineData(".hidden/accio.json")]
    public async Task Config_Hidden_IsRead(string name)
    {
        var file = Write(name, """{ "Accio": { "Backlog": 0 } }""");
        await FailedStart.ExpectOptionsAsync($"--config {file}", "Accio:Backlog takes ");
    }

    [Fact]
    public async Task Config_FromAPipe_IsRead() =>
        await FailedStart.ExpectAsync("""exec "$0" "$1" --config <(echo '{ "Accio": { "Backlog": 0 } }')""", "Accio:Backlog takes ");

    [Fact]
    public async Task Config_ThatMayNotBeRead_IsExplained()
    {
        var unprivileged = Unprivileged();
        var file = Write("appsettings.json", "{}");
        await ChildProcess.RunShellAsync("chmod 0 \"$0\"", file);
        await FailedStart.ExpectAsync($"cd '{_folder}' && {unprivileged}", "appsettings.json cannot be read: ");
        await FailedStart.ExpectAsync($"{unprivileged} --config '{file}'", $"--config {file} cannot be read: ");
    }

    [Fact]
    public async Task AppSettings_ThatIsADirectory_IsExplained()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "appsettings.json"));
        await FailedStart.ExpectAsync($"cd '{_folder}' && exec \"$0\" \"$1\"", "appsettings.json is a directory");
    }

    [Fact]
    public async Task WorkingDirectory_Deleted_IsExplained()
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder, "gone")).FullName;
        await FailedStart.ExpectAsync($"cd '{folder}' && rmdir '{folder}' && exec \"$0\" \"$1\"", "The working directory does not exist any more");
    }

    [Theory]
    [InlineData("5", "Accio is a section of settings, a JSON object, and cannot be '5'.")]
    [InlineData("\"text\"", "Accio is a section")]
    [InlineData("true", "Accio is a section")]
    [InlineData("[]", "Accio is a section")]
    [InlineData("[1]", "Accio:0 is not a setting")]
    [InlineData("{ \"IdelTimeout\": 3 }", "Accio:IdelTimeout is not a setting; did you mean Accio:IdleTimeout?")]
    [InlineData("{ \"IdleTimeout\": { \"Seconds\": 3 } }", "Accio:IdleTimeout takes a number")]
    [InlineData("{ \"Allow\": [\"10.0.0.0/8\", \"here\"] }", "Accio:Allow takes networks")]
    [InlineData("{ \"Allow\": [] }", "Accio:Allow takes networks")]
    [InlineData("{ \"Allow\": { \"a\": \"10.0.0.0/8\" } }", "Accio:Allow takes networks")]
    [InlineData("{ \"IdleTimeout\": \"\\ud800\" }", "is not a JSON file of settings")]
    public async Task Section_Wrong_IsExplained(string section, string reason) =>
        await FailedStart.ExpectOptionsAsync($"--config {Write("settings.json", $$"""{ "Accio": {{section}} }""")}", reason);

    [Fact]
    public async Task Value_OverriddenByABadOne_IsExplainedWithTheSourceThatWins()
    {
        var file = Write("settings.json", """{ "Accio": { "Backlog": 0, "IdleTimeout": 0 } }""");
        await FailedStart.ExpectOptionsAsync($"--config {file} --backlog 5", $"{file}: Accio:IdleTimeout takes ");
        await FailedStart.ExpectOptionsAsync($"--config {file} --backlog 5", "The environment variable Accio__IdleTimeout takes ", ("Accio__IdleTimeout", "0"));
    }

    [Fact]
    public async Task Section_NearlyNamedAsOurs_GetsAWarning()
    {
        var file = Write("settings.json", """{ "Acio": { "IdleTimeout": 0.001 } }""");
        await using var server = await AccioServer.StartAsync($"--config {file}", environment: ("ACCIO_IDLE_TIMEOUT", "0.001"));
        await ExpectAsync(server, "The section Acio has no effect; did you mean Accio?");
        await ExpectAsync(server, "ACCIO_IDLE_TIMEOUT has no effect; did you mean Accio__IdleTimeout?");
    }

    [Fact]
    public async Task Setting_OutsideOfTheSection_GetsAWarning()
    {
        var file = Write("settings.json", """{ "idleTimeout": 3, "Allow": ["10.0.0.0/8"], "Other": 1 }""");
        // A variable without the section's name is another program's.
        await using var server = await AccioServer.StartAsync($"--config {file}", environment: ("Backlog", "1"));
        await ExpectAsync(server, $"{file}: idleTimeout has no effect; did you mean Accio:IdleTimeout?");
        await ExpectAsync(server, $"{file}: Allow has no effect; did you mean Accio:Allow?");
        await server.StopAsync();
        Assert.DoesNotContain("Backlog", server.Errors.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("Other", server.Errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Config_ThatIsNotJson_IsExplainedWithLineAndByteCountedFromOne() =>
        await FailedStart.ExpectOptionsAsync(
            $"--config {Write("settings.json", "{\n  \"Accio\": x\n}")}",
            "is not a JSON file of settings: line 2, byte 12: 'x' is an invalid start of a value.");

    [Fact]
    public async Task Allow_AsAJsonArray_IsAListOfNetworks_AndLaterSourcesReplaceIt()
    {
        var file = Write("settings.json", """{ "Accio": { "Allow": ["10.0.0.0/8", "127.0.0.0/8"] } }""");
        await using (var server = await AccioServer.StartAsync($"--config {file}"))
        {
            await server.TransferAsync(5);
        }

        await using var other = await AccioServer.StartAsync($"--config {file}", environment: ("Accio__Allow", "10.0.0.0/8"));
        using var client = await other.ConnectAsync();
        Assert.Equal("", await client.WaitForCloseAsync());
    }

    [Fact]
    public async Task Allow_AsAValueAndAsAList_IsExplained() => await FailedStart.ExpectOptionsAsync(
        "", "The environment variable Accio__Allow takes networks such as 10.0.0.0/8,192.0.2.7/32,2001:db8::/32, not both '10.0.0.0/8' and an array.",
        ("Accio__Allow", "10.0.0.0/8"), ("Accio__Allow__0", "127.0.0.0/8"));

    [Theory]
    [InlineData("Accio", "5", "Accio is a section")]
    [InlineData("Logging__LogLevel", "Debug", "The environment variable Logging__LogLevel is a section")]
    [InlineData("Logging__LogLevel__a*b*", "Debug", "at most one *")]
    [InlineData("Logging__LogLevel__Default", "99", "The environment variable Logging__LogLevel__Default takes Trace, Debug")]
    [InlineData("Logging__Console__LogLevel__Default", "Loud", "The environment variable Logging__Console__LogLevel__Default takes Trace, Debug")]
    [InlineData("Accio__Backlogg", "5", "The environment variable Accio__Backlogg is not a setting; did you mean Accio__Backlog?")]
    [InlineData("OTEL_EXPORTER_OTLP_HEADERS", "x", "OTEL_EXPORTER_OTLP_HEADERS takes headers such as name=value,other=value, not 'x'.")]
    [InlineData("OTEL_METRIC_EXPORT_INTERVAL", "0", "OTEL_METRIC_EXPORT_INTERVAL takes a number of milliseconds from 1")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "here", "OTEL_EXPORTER_OTLP_ENDPOINT takes the URL")]
    [InlineData("OTEL_EXPORTER_OTLP_PROTOCOL", "carrier-pigeon", "OTEL_EXPORTER_OTLP_PROTOCOL takes grpc or http/protobuf")]
    [InlineData("OTEL_EXPORTER_OTLP_CERTIFICATE", "/no/such.pem", "OTEL_EXPORTER_OTLP_CERTIFICATE takes the name of a file")]
    public async Task Environment_Wrong_IsExplained(string name, string value, string reason) =>
        await FailedStart.ExpectOptionsAsync("--log-format json", reason, ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1"), (name, value));

    [Theory]
    [InlineData("nistP256")]
    [InlineData("nistP384")]
    public async Task Tls_KeyOfAnotherCertificate_IsExplained(string curve)
    {
        using var certificates = new TestCertificates();
        using var key = ECDsa.Create(ECCurve.CreateFromFriendlyName(curve));
        await File.WriteAllTextAsync(certificates.ServerKey, key.ExportPkcs8PrivateKeyPem(), TestContext.Current.CancellationToken);
        await FailedStart.ExpectOptionsAsync(certificates.ServerOptions, $"--tls-key {certificates.ServerKey} is not the key of --tls-certificate {certificates.Server}.");
    }

    [Fact]
    public async Task Tls_FileThatMayNotBeRead_IsExplained()
    {
        var unprivileged = Unprivileged();
        using var certificates = new TestCertificates();
        await ChildProcess.RunShellAsync("chmod 0 \"$0\"", certificates.Server);
        await FailedStart.ExpectAsync($"{unprivileged} {certificates.ServerOptions}", $"{certificates.Server}");
    }

    [Theory]
    [InlineData("EMFILE", "Too few files may be open; raise the limit of the process (ulimit -n, LimitNOFILE=)")]
    [InlineData("EAFNOSUPPORT", "--listen 0.0.0.0: this machine has no IPv4; choose an address of the other kind.")]
    [InlineData("EACCES", "is not permitted to this user")]
    public async Task Socket_ThatCannotBeMade_IsExplained(string error, string reason)
    {
        Assert.SkipUnless(ChildProcess.Exists("strace"), "strace is not installed.");
        // The runtime makes sockets of its own to see which kinds there are; the server's is for TCP.
        await FailedStart.ExpectAsync(
            $"exec strace -D -f -qq -o /dev/null -e trace=socket,listen,bind -e inject={(error is "EACCES" ? "bind" : "socket")}:error={error} \"$0\" \"$1\"", reason);
    }

    [Fact]
    public async Task Language_WithoutAName_KeepsNoErrorFromBeingSaid()
    {
        // Found by fuzz/run config: the runtime fails to read it when it looks for the encoding of the terminal.
        await FailedStart.ExpectOptionsAsync("--backlog 0", "--backlog takes", ("LANG", "."));
        await using var server = await AccioServer.StartAsync(environment: ("LANG", "."));
        await server.StopAsync();
    }

    [Theory]
    [InlineData("/no/such/socket")]
    [InlineData("@no-such-socket")]
    public async Task NotifySocket_ThatIsNone_IsAWarningWithoutAStackTrace(string name)
    {
        await using var server = await AccioServer.StartAsync(environment: ("NOTIFY_SOCKET", name));
        await server.Errors.WaitUntilAsync(text => text.Contains("NOTIFY_SOCKET is wrong: ", StringComparison.Ordinal));
        await server.TransferAsync(5);
        await server.StopAsync(5);
        Assert.DoesNotContain("   at ", server.Errors.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(6)]
    [InlineData(8)]
    [InlineData(12)]
    [InlineData(16)]
    [InlineData(20)]
    [InlineData(24)]
    public async Task Descriptors_TooFew_AreExplained_OrSuffice(int limit)
    {
        Assert.SkipWhen(AccioServer.IsBuiltWithTheTests, "CoreCLR cannot load its own code with so few; a native binary can.");
        var port = AccioServer.FreePort();
        await using var command = new ChildProcess("/bin/bash", ["-c", $"ulimit -n {limit}; exec \"$0\" \"$@\"", AccioServer.Binary, AccioServer.Number(port)]);
        await Task.WhenAny(command.ExitAsync(), AccioServer.UntilListeningAsync(port));
        if (TcpTable.Read().Any(socket => socket.State is TcpTable.Listening && socket.Local.EndsWith($":{port:X4}", StringComparison.Ordinal)))
        {
            return;
        }

        await FailedStart.ExpectAsync(command, "Too few files may be open");
    }

    /// <summary>Waits for a line of the log that ends so.</summary>
    private static Task<string> ExpectAsync(AccioServer server, string message) =>
        server.Errors.WaitUntilAsync(text => text.Contains($"{message}\n", StringComparison.Ordinal));

    /// <summary>Starts the server without root's right to read every file.</summary>
    private static string Unprivileged()
    {
        if (!Needs.Has(Capability.OverrideFileModes))
        {
            return "exec \"$0\" \"$1\"";
        }

        Needs.Installed("setpriv");
        return "exec setpriv --bounding-set=-dac_override,-dac_read_search --inh-caps=-dac_override,-dac_read_search \"$0\" \"$1\"";
    }

    private string Write(string name, string content)
    {
        var file = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, content);
        return file;
    }
}
