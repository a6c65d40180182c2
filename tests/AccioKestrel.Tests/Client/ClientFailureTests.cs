using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using static AccioKestrel.Testing.Accio;

namespace AccioKestrel.Tests.Client;

/// <summary>Bad arguments, and servers that are not there or misbehave: one line of error, and code 1.</summary>
public sealed class ClientFailureTests
{
    private const int Megabyte = 1024 * 1024;

    public static TheoryData<string[], string> BadArguments => new()
    {
        { [], "The host, the port and the file are missing, as in AccioClient 127.0.0.1 5000 README.md." },
        { ["127.0.0.1"], "The port and the file are missing, as in AccioClient 127.0.0.1 5000 README.md." },
        { ["127.0.0.1", "5000"], "The file is missing, as in AccioClient 127.0.0.1 5000 README.md." },
        { ["127.0.0.1:5000", "README.md"], "Write host and port as two arguments: 127.0.0.1 5000, not 127.0.0.1:5000." },
        { ["127.0.0.1:5000"], "Write host and port as two arguments: 127.0.0.1 5000, not 127.0.0.1:5000." },
        { ["[::1]:5000", "README.md"], "Write host and port as two arguments: ::1 5000, not [::1]:5000." },
        { ["localhost:5000", "5000", "README.md"], "Write host and port as two arguments: localhost 5000, not localhost:5000." },
        { ["", "5000", "-"], "The host must be" },
        { ["127.0.0.1", "0", "-"], "The port must be a decimal number from 1 to 65535, not '0'." },
        { ["127.0.0.1", "65536", "-"], "The port must be a decimal number from 1 to 65535, not '65536'." },
        { ["127.0.0.1", "http", "-"], "The port must be a decimal number from 1 to 65535, not 'http'." },
        { ["127.0.0.1", "5000", ""], "The file must be" },
        { ["127.0.0.1", "5000", "-", "superfluous"], "'superfluous' is one argument too many: the client sends one file." },
        { ["127.0.0.1", "5000", "-", "--unknown"], "--unknown is not an option." },
        { ["127.0.0.1", "5000", "-", "--time-out", "3"], "--time-out is not an option; did you mean --timeout?" },
        { ["127.0.0.1", "5000", "-", "--waits=3"], "--waits is not an option; did you mean --wait?" },
        { ["127.0.0.1", "5000", "-", "-quite"], "-quite is not an option; did you mean --quiet?" },
        { ["--defered", "127.0.0.1", "5000", "-"], "--defered is not an option; did you mean --deferred?" },
        { ["127.0.0.1", "5000", "--port"], "--port is not an option; the port is the second argument, as in AccioClient 127.0.0.1 5000 README.md." },
        { ["127.0.0.1", "5000", "-", "--wait", "1", "--wait", "2"], "--wait may be given only once." },
        { ["127.0.0.1", "5000", "-", "--quiet=maybe"], "'maybe' is one argument too many: the client sends one file." },
        { ["127.0.0.1", "5000", "-", "--wait", "0"], "--wait takes a number of seconds from 0.001 to 86400, or forever, not '0'." },
        { ["127.0.0.1", "5000", "-", "--wait"], "--wait takes a number of seconds from 0.001 to 86400, or forever." },
        { ["127.0.0.1", "5000", "-", "--timeout", "forever"], "--timeout takes a number of seconds from 0.001 to 86400, not 'forever'." },
        { ["127.0.0.1", "5000", "-", "--timeout", "1e3"], "--timeout takes" },
        { ["127.0.0.1", "5000", "no/such/file"], "no/such/file" },
        { ["127.0.0.1", "5000", "."], "'.' is a directory, not a file." },
        { ["no-such-host.invalid", "5000", "AccioClient.dll"], "'no-such-host.invalid'" },
        { [new string('x', 300), "5000", "AccioClient.dll"], "The host must be" },
        { ["0.0.0.0.0", "5000", "AccioClient.dll"], "'0.0.0.0.0'" },
    };

    [Theory]
    [MemberData(nameof(BadArguments))]
    public async Task Arguments_Bad_AreExplained(string[] arguments, string text)
    {
        await using var client = new ChildProcess(ClientProcess.Binary, arguments);

        await client.ExpectErrorAsync(text);
    }

    [Fact]
    public async Task Help_IsOnStandardOutput()
    {
        await using var client = new ChildProcess(ClientProcess.Binary, ["--help"]);

        Assert.Equal(0, await client.ExitAsync());
        Assert.All((string[])["<HOST> <PORT> <FILE>", "--deferred", "--wait", "--timeout", "--quiet"], text =>
            Assert.Contains(text, client.Output.ToString(), StringComparison.Ordinal));
        Assert.Empty(client.Errors.ToString());
    }

    [Fact]
    public async Task File_ThatCannotBeRead_CostsTheServerNothing()
    {
        await using var server = await AccioServer.StartAsync();
        await using var client = ClientProcess.Start(server.Port, "/no/such/file");

        await client.ExpectErrorAsync("/no/such/file");

        await server.StopAsync();
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    public async Task Port_WithoutAListener_IsExplained(string host)
    {
        var port = AccioServer.FreePort();
        await using var client = ClientProcess.Start(port, "/dev/null", host: host);

        await client.ExpectErrorAsync($"No connection to {host}, port {port} (", "Connection refused", "Check that the server is running");
    }

    [Fact]
    public async Task Server_ThatDoesNotAcceptTheConnection_IsGivenUp()
    {
        // A full accept queue: the kernel does not even answer.
        using var listener = new Socket(SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(0);
        var port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        using var only = await AccioClient.ConnectAsync(port);
        var clock = Stopwatch.StartNew();
        await using var client = ClientProcess.Start(port, "/dev/null", "--timeout 1");

        await client.ExpectErrorAsync("no answer within 1 s");

        Assert.InRange(clock.Elapsed.TotalSeconds, 1, double.MaxValue);
    }

    [Theory]
    [InlineData("--timeout 1", 1)]
    [InlineData("--wait 1", 1)]
    [InlineData("", 10)]
    public async Task Server_ThatSendsNoCommand_IsGivenUp(string options, int seconds)
    {
        using var server = new FakeServer();
        var clock = Stopwatch.StartNew();
        await using var client = ClientProcess.Start(server.Port, "/dev/null", options);
        await server.AcceptAsync();

        await client.ExpectErrorAsync($"No command came from the server within {seconds} s.", "--wait forever", "HTTP or TLS");

        Assert.InRange(clock.Elapsed.TotalSeconds, seconds, double.MaxValue);
        await server.ExpectResetAsync();
    }

    [Fact]
    public async Task Server_ThatSendsNoSecondCommand_IsGivenUpHoweverPatientTheClient()
    {
        using var server = new FakeServer();
        await using var client = ClientProcess.Start(server.Port, "/dev/null", "--timeout 1 --wait forever");
        await server.AcceptAsync();
        await server.SendAsync(Command);
        await server.ExpectAsync(FirstConfirmation);

        await client.ExpectErrorAsync("No command came from the server within 1 s.", "the first confirmation", "--timeout");
    }

    [Fact]
    public async Task Server_ThatSendsNoSecondCommandUnasked_IsNoneForDeferred()
    {
        using var server = new FakeServer();
        await using var client = ClientProcess.Start(server.Port, "/dev/null", "--deferred --timeout 1");
        await server.AcceptAsync();
        await server.SendAsync(Command);

        await client.ExpectErrorAsync("No command came from the server within 1 s.", "--deferred", "--lenient");
    }

    [Theory]
    [InlineData("HTTP/1.1 400 Bad Request\r\n", "'HTTP/1.'", "That is an HTTP server")]
    [InlineData("\x15\x03\x03\0\x02", "'\\x15\\x03\\x03\\x00\\x02'", "That is a TLS server")]
    [InlineData("accio\n\n", "'accio\\x0A", "both bytes")]
    [InlineData("ac\e[2J", "'ac\\x1B[2J'", "That is no Accio server")]
    [InlineData("x", "'x'", "That is no Accio server")]
    public async Task Server_ThatSaysSomethingElse_IsExplainedAtOnce(string text, string quoted, string kind)
    {
        using var server = new FakeServer();
        await using var client = ClientProcess.Start(server.Port, "/dev/null", "--wait forever");
        await server.AcceptAsync();

        await server.SendAsync(text);

        await client.ExpectErrorAsync("The server sent ", quoted, kind);
    }

    [Fact]
    public async Task Server_ThatClosesInsteadOfACommand_IsExplained()
    {
        using var server = new FakeServer();
        await using var client = ClientProcess.Start(server.Port, "/dev/null");
        await server.AcceptAsync();
        await server.SendAsync(Command[..^1]);

        server.Close();

        await client.ExpectErrorAsync("The server closed the connection before the turn of this client came.");
    }

    [Fact]
    public async Task Server_ThatStopsWhileTheClientWaits_IsExplained()
    {
        await using var server = await AccioServer.StartAsync();
        using var first = await server.ConnectServedAsync();
        await using var client = ClientProcess.Start(server.Port, "/dev/null");
        await server.ExpectQueueAsync(1);

        await server.StopAsync("ERROR");

        await client.ExpectErrorAsync("The server closed the connection before the turn of this client came. It was stopped, ");
    }

    /// <summary>Graders want ERROR: at the beginning, also from a client that has waited in the queue.</summary>
    [Fact]
    public async Task Failure_AfterALongWait_BeginsWithError()
    {
        using var server = new FakeServer();
        await using var client = ClientProcess.Start(server.Port, "/dev/null");
        await server.AcceptAsync();
        server.Pause(seconds: 1.5);
        await server.SendAsync(Command);
        await server.ExpectAsync(FirstConfirmation);

        server.Close();

        await client.ExpectErrorAsync("The server closed the connection instead of sending its second command.");
    }

    [Fact]
    public async Task Server_ThatClosesInsteadOfTheSecondCommand_IsExplained()
    {
        using var server = new FakeServer();
        await using var client = ClientProcess.Start(server.Port, "/dev/null");
        await server.AcceptAsync();
        await server.SendAsync(Command);
        await server.ExpectAsync(FirstConfirmation);

        server.Close();

        await client.ExpectErrorAsync("The server closed the connection instead of sending its second command.");
    }

    [Fact]
    public async Task Server_ThatResetsInTheHandshake_IsExplained()
    {
        using var server = new FakeServer();
        await using var client = ClientProcess.Start(server.Port, "/dev/null");
        await server.AcceptAsync();
        await server.SendAsync(Command);
        await server.ExpectAsync(FirstConfirmation);

        server.Reset();

        await client.ExpectErrorAsync("The connection broke before the file: Connection reset by peer.");
    }

    [Theory]
    [InlineData("file")]
    [InlineData("-")]
    public async Task Server_ThatResetsInMidFile_IsExplained(string source)
    {
        using var file = TemporaryFile.Sparse(64 * Megabyte);
        using var server = new FakeServer();
        await using var client = Start(server, source, file);
        await server.HandshakeAsync();
        Assert.Equal(Megabyte, await server.ReceiveAsync(Megabyte));

        server.Reset();

        await client.ExpectErrorAsync("The connection broke after ", " bytes of the file: ");
    }

    [Fact]
    public async Task Server_ThatClosesInMidFile_IsExplained()
    {
        using var file = TemporaryFile.Sparse(64 * Megabyte);
        using var server = new FakeServer();
        await using var client = ClientProcess.Start(server.Port, file.Name);
        await server.HandshakeAsync();

        server.Close();

        await client.ExpectErrorAsync("The connection broke after ", " bytes of the file: ");
    }

    [Fact]
    public async Task Server_ThatClosesBeforeItHasTheFile_IsNoSuccess()
    {
        const int size = 300_000;
        using var file = TemporaryFile.Sparse(size);
        // The file is wholly in the client's kernel, which cannot get rid of it.
        using var server = new FakeServer(receiveBuffer: 16 * 1024);
        await using var client = ClientProcess.Start(server.Port, file.Name);
        await server.HandshakeAsync();

        server.HalfClose();

        await client.ExpectErrorAsync("The server closed the connection after ", PortableBranches.AreForced ? " bytes of the file, before its end." : $" of {size} bytes of the file.");
    }

    [Fact]
    public async Task Server_ThatResetsInsteadOfClosing_IsNoSuccess()
    {
        using var file = TemporaryFile.Of(FileOf(1000));
        using var server = new FakeServer();
        await using var client = ClientProcess.Start(server.Port, file.Name);
        await server.HandshakeAsync();
        Assert.Equal(1000, await server.ReceiveAllAsync());

        server.Reset();

        await client.ExpectErrorAsync("The connection broke after 1000 bytes of the file: Connection reset by peer.");
    }

    [Fact]
    public async Task Server_ThatDoesNotClose_IsGivenUp()
    {
        using var file = TemporaryFile.Of(FileOf(1000));
        using var server = new FakeServer();
        var clock = Stopwatch.StartNew();
        await using var client = ClientProcess.Start(server.Port, file.Name, "--timeout 1");
        await server.HandshakeAsync();
        Assert.Equal(1000, await server.ReceiveAllAsync());

        await client.ExpectErrorAsync("The server did not close the connection for 1 s; 1000 bytes of the file had ");

        Assert.InRange(clock.Elapsed.TotalSeconds, 1, double.MaxValue);
    }

    [Theory]
    [InlineData("file")]
    [InlineData("-")]
    public async Task Server_ThatStopsReading_IsGivenUpAndSeesAReset(string source)
    {
        using var file = TemporaryFile.Sparse(64 * Megabyte);
        using var server = new FakeServer();
        var clock = Stopwatch.StartNew();
        await using var client = Start(server, source, file, "--timeout 1");
        await server.HandshakeAsync();
        Assert.Equal(Megabyte, await server.ReceiveAsync(Megabyte));

        await client.ExpectErrorAsync("The server has taken nothing for 1 s; ", "--timeout");

        Assert.InRange(clock.Elapsed.TotalSeconds, 1, double.MaxValue);
        // A reset, and not a FIN, which would make a file of what had come.
        await server.ExpectResetAsync();
    }

    /// <summary>The kernel has taken all of the file from the client, and cannot get rid of it: nothing is left but to wait.</summary>
    [Fact]
    public async Task Server_ThatStopsReadingBehindALargeBuffer_HasTakenNothing()
    {
        using var file = TemporaryFile.Sparse(300_000);
        using var server = new FakeServer(receiveBuffer: 16 * 1024);
        await using var client = ClientProcess.Start(server.Port, file.Name, "--timeout 1");
        await server.HandshakeAsync();

        await client.ExpectErrorAsync("The server has taken nothing for 1 s; ");

        await server.ExpectResetAsync();
    }

    /// <summary>Neither a file that waits for room, nor one that is wholly in the kernel's buffers: slow is not stalled.</summary>
    [Theory]
    [InlineData(300_000)]
    [InlineData(6_000_000)]
    public async Task Server_ThatReadsSlowly_IsServedHoweverLongItTakes(int size)
    {
        const int steps = 30;
        using var file = TemporaryFile.Sparse(size);
        using var server = new FakeServer(receiveBuffer: 16 * 1024);
        // Where the system does not report acknowledged bytes, the client does not see how the last 128 KiB get there.
        await using var client = ClientProcess.Start(server.Port, file.Name, $"--timeout {(PortableBranches.AreForced ? 5 : 2)}");
        await server.HandshakeAsync();
        var received = 0L;
        for (var step = 0; step < steps; step++)
        {
            // Its slowness is what is tested: three times the limit altogether, and never as long as the limit at once.
            received += await server.ReceiveAsync(size / (2 * steps));
            server.Pause(seconds: 0.2);
        }

        received += await server.ReceiveAllAsync();

        Assert.Equal(size, received);
        await server.CloseAfterSuccessAsync(client);
    }

    [Fact]
    public async Task Interrupt_InMidFile_EndsAtOnceAndIsNoEndOfTheFile()
    {
        using var file = TemporaryFile.Sparse(64 * Megabyte);
        using var server = new FakeServer();
        // The tests may be a background job, whose children are started with this signal ignored.
        await using var client = ClientProcess.Start(server.Port, file.Name, shell: """exec env --default-signal=INT "$0" "$@" """);
        await server.HandshakeAsync();
        Assert.Equal(Megabyte, await server.ReceiveAsync(Megabyte));

        Signal.Interrupt.SendTo(client.Id);

        Assert.Equal(130, await client.ExitAsync());
        Assert.Empty(client.Errors.ToString());
        await server.ExpectResetAsync();
    }

    /// <summary>As for every command: the user's Ctrl+C is for the script in front, not for what it runs in the background.</summary>
    [Fact]
    public async Task Interrupt_IgnoredWhenTheClientStarts_StaysIgnored()
    {
        using var file = TemporaryFile.Sparse(64 * Megabyte);
        using var server = new FakeServer();
        await using var client = ClientProcess.Start(server.Port, file.Name, shell: """trap '' INT; exec "$0" "$@" """);
        await server.HandshakeAsync();
        Assert.Equal(Megabyte, await server.ReceiveAsync(Megabyte));

        Signal.Interrupt.SendTo(client.Id);

        Assert.Equal(63 * Megabyte, await server.ReceiveAllAsync());
        await server.CloseAfterSuccessAsync(client);
    }

    private static ChildProcess Start(FakeServer server, string source, TemporaryFile file, string options = "") => source is "-"
        ? ClientProcess.Start(server.Port, "-", options, shell: $"""exec "$0" "$@" < <(cat '{file.Name}' 2>/dev/null)""")
        : ClientProcess.Start(server.Port, file.Name, options);
}
