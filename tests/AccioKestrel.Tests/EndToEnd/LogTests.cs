using System.Text.Json.Nodes;

namespace AccioKestrel.Tests.EndToEnd;

/// <summary>The log on standard error, and where the settings of it and of all else may stand.</summary>
public sealed class LogTests
{
    private const string Time = @"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d\d\dZ";

    [Fact]
    public async Task Log_HasALineForEachExchange_WithTheIdOfItsConnection()
    {
        await using var server = await AccioServer.StartAsync();
        await server.TransferAsync(5);
        using var client = await server.ConnectServedAsync();
        await client.SendAsync("hello");
        await client.WaitForCloseAsync();

        var log = await server.Errors.WaitUntilAsync(text => text.Contains("ERROR after", StringComparison.Ordinal) && text.EndsWith('\n'));
        Assert.Matches(@"\n" + Time + @" info: AccioKestrel\.AccioConnectionHandler\[1\] 00000001 127\.0\.0\.1:\d+: 5 bytes in \d+\.\d\d\d s\n", log);
        Assert.Matches(@"\n" + Time + @" info: AccioKestrel\.AccioConnectionHandler\[2\] 00000002 127\.0\.0\.1:\d+: ERROR after \d+\.\d\d\d s and 0 file bytes, wrong byte: byte 1 of confirm-accio is 'h', expected 'c' \(an exchange begins with confirm-accio; the file comes after both confirmations\)\n", log);
        await server.StopAsync(5, "ERROR");
    }

    [Fact]
    public async Task Log_AsJson_IsOneObjectALine()
    {
        await using var server = await AccioServer.StartAsync("--log-format json", shell: null);
        await server.TransferAsync(5);
        var log = await server.Errors.WaitUntilAsync(text => text.Contains("5 bytes", StringComparison.Ordinal) && text.EndsWith('\n'));
        var entries = log.TrimEnd('\n').Split('\n').Select(line => JsonNode.Parse(line)!).ToList();
        var counted = Assert.Single(entries, entry => (string?)entry["Category"] is "AccioKestrel.AccioConnectionHandler");
        Assert.Equal(1, (int)counted["EventId"]!);
        Assert.Equal("Information", (string)counted["LogLevel"]!);
        Assert.Equal("00000001", (string)counted["State"]!["ConnectionId"]!);
        Assert.Equal(5, (int)counted["State"]!["Bytes"]!);
        Assert.All(entries, entry => Assert.Matches($"^{Time}$", (string)entry["Timestamp"]!));
        await server.StopAsync(5);
    }

    [Fact]
    public async Task Log_AsJson_HasTheFailureAndTheStepOfAnError()
    {
        await using var server = await AccioServer.StartAsync("--log-format json", shell: null);
        using var client = await server.ConnectServedAsync();
        await client.SendAsync("hello");
        await client.WaitForCloseAsync();
        var log = await server.Errors.WaitUntilAsync(text => text.Contains("ERROR after", StringComparison.Ordinal) && text.EndsWith('\n'));
        var state = log.TrimEnd('\n').Split('\n').Select(line => JsonNode.Parse(line)!).Single(entry => (int)entry["EventId"]! == 2)["State"]!;
        Assert.Equal("WrongByte", (string)state["Failure"]!);
        Assert.Equal("FirstConfirmation", (string)state["Step"]!);
        await server.StopAsync("ERROR");
    }

    [Fact]
    public async Task Log_InTheJournal_IsDatedByTheJournalAlone()
    {
        Assert.SkipUnless(ChildProcess.Exists("python3"), "python3 is not installed.");
        // As systemd does it: a socket for standard error, and a variable that names it. Python passes on what comes through it.
        const string script = """
            import os, socket, subprocess, sys
            ours, theirs = socket.socketpair()
            status = os.fstat(theirs.fileno())
            server = subprocess.Popen(sys.argv[1:], stderr=theirs, env={**os.environ, "JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"})
            theirs.close()
            sys.stderr.write(f"pid {server.pid}\n")
            sys.stderr.flush()
            while lines := ours.recv(65536):
                sys.stderr.buffer.write(lines)
                sys.stderr.flush()
            sys.exit(server.wait())
            """;
        await using var server = await AccioServer.StartAsync(shell: $"exec python3 -c '{script}' \"$0\" \"$@\"");
        Assert.Matches($@"^pid \d+\ninfo: AccioKestrel\.", server.Errors.ToString());
        await server.StopAsync();
    }

    [Fact]
    public async Task Stop_InMidFile_SaysAtOnceHowLongItMayTake()
    {
        var (server, status) = await StatusClient.StartAsync("--shutdown-grace 86400");
        await using var _ = server;
        using var __ = status;
        using var client = await server.ConnectAsync();
        await client.ConfirmBothAsync();
        await client.SendAsync("hello");
        await status.WaitUntilAsync(report => (long?)report["current"]?["bytes"] == 5);
        Signal.Terminate.SendTo(server.ProcessId);
        await server.Errors.WaitUntilAsync(text => text.Contains(": stopping, the file has 86400 s to end; a second signal ends it now\n", StringComparison.Ordinal));
        await server.SignalAsync(Signal.Terminate, "ERROR");
    }

    [Fact]
    public async Task Stop_WithClientsInTheQueue_SaysHowManyWereNotServed()
    {
        await using var server = await AccioServer.StartAsync();
        using var served = await server.ConnectServedAsync();
        using var queue = new WaitingClients(await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => server.ConnectAsync())));
        await server.ExpectQueueAsync(3);
        await server.StopAsync("ERROR");
        Assert.Contains(" info: AccioKestrel[35] Stopping: waiting clients that will be disconnected without being served: 3\n", server.Errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stop_LogsTheTotalsOfTheRun()
    {
        await using var server = await AccioServer.StartAsync();
        await server.TransferAsync(5);
        await server.TransferAsync(1000);
        using var wrong = await server.ConnectServedAsync();
        await wrong.SendAsync("hello");
        await wrong.WaitForCloseAsync();
        await server.StopAsync(5, 1000, "ERROR");
        Assert.Matches(
            @"\n" + Time + @" info: AccioKestrel\[36\] Stopped after \d+ s\. Exchanges: 3, counted: 2, errors: 1 \(1 wrong byte\), file bytes: 1005\n$",
            server.Errors.ToString());
        Assert.DoesNotContain("disconnected", server.Errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stop_WithJson_LogsTheTotalsAsNumbers()
    {
        await using var server = await AccioServer.StartAsync("--log-format json");
        await server.TransferAsync(5);
        await server.StopAsync(5);
        var state = JsonNode.Parse(server.Errors.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1])!["State"]!;
        Assert.Equal((1, 1, 0, 5), ((int)state["Exchanges"]!, (int)state["Counted"]!, (int)state["Errors"]!, (int)state["Bytes"]!));
        Assert.True((double)state["Seconds"]! > 0);
    }

    [Fact]
    public async Task Log_Quiet_IsEmpty()
    {
        var port = AccioServer.FreePort();
        await using var server = new ChildProcess(AccioServer.Binary, [AccioServer.Number(port), "--quiet"]);
        // Nothing says that it listens.
        await AccioServer.UntilListeningAsync(port);
        using var client = await AccioClient.ConnectAsync(port);
        await client.TransferAsync(5);
        Signal.Terminate.SendTo(server.Id);
        Assert.Equal(0, await server.ExitAsync());
        Assert.Equal("5\n", server.Output.ToString());
        Assert.Empty(server.Errors.ToString());
    }

    [Fact]
    public async Task Log_Levels_FollowTheSectionLogging()
    {
        await using var server = await AccioServer.StartAsync(environment:
        [
            ("Logging__LogLevel__AccioKestrel.AccioConnectionHandler", "Warning"),
            ("Logging__LogLevel__Microsoft.AspNetCore.Server.Kestrel.Connections", "Debug"),
        ]);
        await server.TransferAsync(5);
        var log = await server.Errors.WaitUntilAsync(text => text.Contains("dbug: Microsoft.AspNetCore.Server.Kestrel.Connections[2] Connection id \"00000001\" stopped.\n", StringComparison.Ordinal));
        Assert.DoesNotContain("5 bytes", log, StringComparison.Ordinal);
        await server.StopAsync(5);
    }

    [Fact]
    public async Task Log_ThatIsNotRead_DoesNotStopTheServer()
    {
        // Standard error is a pipe whose reader sleeps: it takes 64 KiB, and then nothing.
        await using var server = await AccioServer.StartAsync(shell: "trap '' PIPE; exec 3>&2; exec 2> >(read -r line; echo \"$line\" >&3; exec sleep 1000); echo pid $$ >&3; exec \"$0\" \"$@\"");
        for (var i = 0; i < 1000; i++)
        {
            await server.TransferAsync(i);
        }

        await server.ExpectLinesAsync(Enumerable.Range(0, 1000).Cast<object>());
        Signal.Terminate.SendTo(server.ProcessId);
        await Patience.UntilEqual(false, () => Directory.Exists($"/proc/{server.ProcessId}") && !File.ReadAllText($"/proc/{server.ProcessId}/stat").Contains(") Z ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("2>&-", "")]
    [InlineData("2>&-", "--log-format json")]
    [InlineData("2>/dev/full", "")]
    [InlineData("2</dev/null", "")]
    [InlineData("<&- 2>&-", "")]
    public async Task Log_WithoutAPlace_IsLeftOutAndResultsAreNot(string redirection, string options)
    {
        await using var server = await StartSilentAsync(redirection, options);
        await server.TransferAsync(1);
        await server.TransferAsync(2);

        await server.StopAsync(1, 2);
    }

    [Theory]
    [InlineData(">&- 2>&-")]
    [InlineData("<&- >&- 2>&-")]
    [InlineData(">/dev/full 2>/dev/full")]
    public async Task Result_WithoutAPlaceForItNorForAnError_EndsTheProgram(string redirection)
    {
        await using var server = await StartSilentAsync(redirection);
        await server.TransferAsync(1);

        Assert.Equal(1, await server.ExitAsync());
    }

    [Theory]
    [InlineData("")]
    [InlineData("--log-format json")]
    public async Task Result_WithoutAPlace_WhileStandardErrorIsAFullPipe_EndsTheProgram(string options)
    {
        const string fullPipe = """
            echo "Listening on 0.0.0.0:$1" >&2; exec 2> >(exec sleep 1000 2>&-); head -c 65536 /dev/zero >&2
            "$0" "$@" >/dev/full; echo "exit code $?"
            """;
        await using var server = await AccioServer.StartAsync(options, fullPipe);
        await AccioServer.UntilListeningAsync(server.Port);
        await server.TransferAsync(1);

        await server.Output.WaitUntilAsync(text => text is "exit code 1\n");
    }

    [Fact]
    public async Task Settings_InAFileTheEnvironmentAndTheCommandLine_WinInThisOrder()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, """{ "Accio": { "IdleTimeout": 86400, "Lenient": true, "Quiet": true } }""", TestContext.Current.CancellationToken);
        await using var server = await AccioServer.StartAsync($"--config {file} --idle-timeout 0.2 --lenient", environment: ("Accio__Quiet", "false"));
        using var client = await server.ConnectServedAsync();
        await client.WaitForResetAsync();
        await server.StopAsync("ERROR");
        File.Delete(file);
    }

    [Theory]
    [InlineData("""{ "Accio": { "Backlog": "many" } }""", ": Accio:Backlog takes a number of clients from 1 to 65535, not 'many'.\n")]
    [InlineData("""{ "Accio": { "IdleTimeout": "ten" } }""", ": Accio:IdleTimeout takes a number of seconds from 0.001 to 86400, not 'ten'.\n")]
    [InlineData("""{ "Accio": { "Status": "here" } }""", ": Accio:Status takes an address and a port from 1 to 65535, such as 127.0.0.1:8080, or a port alone, not 'here'.\n")]
    [InlineData("""{ "Accio": { "LogFormat": "xml" } }""", ": Accio:LogFormat takes text or json, not 'xml'.\n")]
    [InlineData("""{ "Accio": { "Lenient": 1 } }""", ": Accio:Lenient takes true or false, not '1'.\n")]
    [InlineData("""{ "Accio": { "Backlogg": 1 } }""", ": Accio:Backlogg is not a setting; did you mean Accio:Backlog?\n")]
    [InlineData("""{ "Accio": { "Port": 1 } }""", ": Accio:Port is not a setting. Those of Accio are ")]
    [InlineData("""{ "Logging": { "LogLevel": { "Default": "loud" } } }""", ": Logging:LogLevel:Default takes Trace, Debug, Information, Warning, Error, Critical, None, not 'loud'.\n")]
    [InlineData("not json", " is not a JSON file of settings: ")]
    public async Task File_Bad_IsExplained(string content, string message)
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, content, TestContext.Current.CancellationToken);
        await using var command = new ChildProcess(AccioServer.Binary, [AccioServer.Number(AccioServer.FreePort()), "--config", file]);
        Assert.Equal(1, await command.ExitAsync());
        File.Delete(file);
        Assert.StartsWith("ERROR: ", command.Errors.ToString(), StringComparison.Ordinal);
        Assert.Contains(file, command.Errors.ToString(), StringComparison.Ordinal);
        Assert.Contains(message, command.Errors.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", command.Errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task File_Missing_IsExplained()
    {
        await using var command = new ChildProcess(AccioServer.Binary, [AccioServer.Number(AccioServer.FreePort()), "--config", "/no/such.json"]);
        Assert.Equal(1, await command.ExitAsync());
        Assert.Matches("^ERROR: .*/no/such.json", command.Errors.ToString());
    }

    /// <summary>Starts a server that cannot say that it listens: the shell says so before it, and the kernel knows.</summary>
    private static async Task<AccioServer> StartSilentAsync(string redirection, string options = "")
    {
        var server = await AccioServer.StartAsync(options, $"""echo "Listening on 0.0.0.0:$1" >&2; exec "$0" "$@" {redirection}""");
        await AccioServer.UntilListeningAsync(server.Port);
        return server;
    }
}
