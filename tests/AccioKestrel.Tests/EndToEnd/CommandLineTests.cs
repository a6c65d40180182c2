using System.Net;
using System.Net.Sockets;

namespace AccioKestrel.Tests.EndToEnd;

/// <summary>The program's arguments and environment, and how it says that it cannot start.</summary>
public sealed class CommandLineTests
{
    public static TheoryData<string[]> BadArguments => new((string[][])
    [
        [],
        [""],
        ["abc"],
        ["0"],
        ["00000"],
        ["65536"],
        ["4294967297"],
        ["99999999999999999999"],
        ["-1"],
        ["+5000"],
        [" 5000"],
        ["5000 "],
        ["5,000"],
        ["5000.0"],
        ["5e3"],
        ["0x10"],
        ["５０００"],
        ["5000\n"],
        ["[suggest]"],
        ["@5000"],
        ["5000", "superfluous"],
        ["5000", "5001"],
        ["5000", "--unknown"],
        ["5000", "-x"],
        ["--idle-timeout", "5000"],
        ["5000", "--idle-timeout"],
        ["5000", "--idle-timeout", "0"],
        ["5000", "--idle-timeout", "-1"],
        ["5000", "--idle-timeout", "abc"],
        ["5000", "--idle-timeout", "NaN"],
        ["5000", "--idle-timeout", "Infinity"],
        ["5000", "--idle-timeout", "1e3"],
        ["5000", "--idle-timeout", "1", "--idle-timeout", "2"],
        ["5000", "--backlog", "0"],
        ["5000", "--backlog", "-1"],
        ["5000", "--backlog", "1.5"],
        ["5000", "--shutdown-grace", "-1"],
        ["5000", "--shutdown-grace", "abc"],
        ["5000", "--lenient", "maybe"],
        ["5000", "--status", "0"],
        ["5000", "--status", "127.0.0.1"],
        ["5000", "--status", "localhost:8080"],
        ["5000", "--log-format", "xml"],
        ["5000", "--listen", "here"],
        ["5000", "--allow", "10.0.0.1/8/8"],
        ["5000", "--allow", ""],
        ["5000", "--proxy-protocol", "10.0.0.1"],
        ["5000", "--min-data-rate", "0"],
        ["5000", "--min-data-rate-grace-period", "0"],
        ["5000", "--handshake-timeout", "0"],
        ["5000", "--max-exchange-duration", "-5"],
        ["5000", "--max-file-size", "1.5"],
        ["5000", "--max-file-size", "-1"],
    ]);

    [Theory]
    [MemberData(nameof(BadArguments))]
    public async Task Arguments_Bad_AreExplained(params string[] arguments)
    {
        await using var command = new ChildProcess(AccioServer.Binary, arguments);
        await FailedStart.ExpectAsync(command);
    }

    [Theory]
    [InlineData("IdleTimeout", "abc")]
    [InlineData("IdleTimeout", "0")]
    [InlineData("IdleTimeout", "-1")]
    [InlineData("IdleTimeout", "NaN")]
    [InlineData("ShutdownGrace", "-1")]
    [InlineData("Backlog", "0")]
    [InlineData("Backlog", "1.5")]
    [InlineData("Lenient", "maybe")]
    public async Task Environment_Bad_IsExplained(string setting, string value)
    {
        var port = AccioServer.Number(AccioServer.FreePort());
        await using var command = new ChildProcess(AccioServer.Binary, [port], ($"Accio__{setting}", value));
        await FailedStart.ExpectAsync(command, $"The environment variable Accio__{setting} takes ");
    }

    [Theory]
    [InlineData("5000 --idle-timeout 10 10", "'10' is one argument too many. Try ")]
    [InlineData("5000 5001", "'5001' is one argument too many. Try ")]
    [InlineData("5000 quiet", "'quiet' is one argument too many; did you mean --quiet? Try ")]
    [InlineData("5000 -- --quiet", "'--quiet' is one argument too many. Try ")]
    [InlineData("5000 --idle-timeout", "--idle-timeout takes a number of seconds from 0.001 to 86400, but no value follows it. Try ")]
    [InlineData("5000 --idle-timeout --quiet", "--idle-timeout takes a number of seconds from 0.001 to 86400, but no value follows it. Try ")]
    [InlineData("5000 --idle-timeout 0", "--idle-timeout takes a number of seconds from 0.001 to 86400, not '0'. Try ")]
    [InlineData("5000 --idle-timeout 1 --idle-timeout 2", "--idle-timeout is given more than once. Try ")]
    [InlineData("5000 --allow --allow 10.0.0.0/8", "--allow takes networks such as 10.0.0.0/8,192.0.2.7/32,2001:db8::/32, but no value follows it. Try ")]
    [InlineData("5000 --config", "--config takes the name of a file, but no value follows it. Try ")]
    [InlineData("5000 --lenient maybe", "--lenient takes true or false, not 'maybe'. Try ")]
    [InlineData("5000 --lenient=maybe", "--lenient takes true or false, not 'maybe'. Try ")]
    [InlineData("5000 --lenient=true --lenient=false", "--lenient is given more than once. Try ")]
    [InlineData("5000 --max-file-size 9223372036854775808", "--max-file-size takes a number of bytes from 0 to 9223372036854775807, not '9223372036854775808'. Try ")]
    [InlineData(":5000", "The port must be a decimal number from 1 to 65535, not ':5000'; the port stands alone, as in accio-kestrel 5000. Try ")]
    [InlineData("localhost:5000", "not 'localhost:5000'; the port stands alone, as in accio-kestrel 5000. Try ")]
    [InlineData("127.0.0.1:5000", "not '127.0.0.1:5000'; the address is an option, as in accio-kestrel 5000 --listen 127.0.0.1. Try ")]
    [InlineData("[::1]:5000", "not '[::1]:5000'; the address is an option, as in accio-kestrel 5000 --listen ::1. Try ")]
    [InlineData("70000", "not '70000'. Try ")]
    public async Task Arguments_Bad_AreExplainedInTheProgramsOwnWords(string arguments, string answer)
    {
        await using var command = new ChildProcess(AccioServer.Binary, arguments.Split(' '));
        await FailedStart.ExpectAsync(command, answer);
    }

    [Theory]
    [InlineData("--version 3", "accio-kestrel 0.")]
    [InlineData("--help --idle-timeout 0", "--idle-timeout")]
    public async Task Question_WithOtherArguments_IsAnsweredAllTheSame(string arguments, string answer)
    {
        await using var command = new ChildProcess(AccioServer.Binary, arguments.Split(' '));
        Assert.Equal(0, await command.ExitAsync());
        Assert.Contains(answer, command.Output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Port_InUse_IsExplained()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Any, 0));
        socket.Listen();
        var port = AccioServer.Number(((IPEndPoint)socket.LocalEndPoint!).Port);

        await using var command = new ChildProcess(AccioServer.Binary, [port]);
        await FailedStart.ExpectAsync(command, $"Port {port} is in use");
    }

    [Fact]
    public async Task Port_InUseByAnotherServer_IsExplainedAndTheOtherGoesOn()
    {
        await using var server = await AccioServer.StartAsync();

        await using var command = new ChildProcess(AccioServer.Binary, [AccioServer.Number(server.Port)]);
        await FailedStart.ExpectAsync(command, $"Port {server.Port} is in use");

        await server.TransferAsync(5);
        await server.StopAsync(5);
    }

    [Fact]
    public async Task Port_NotPermitted_IsExplained()
    {
        Needs.Linux("ports that need a right");
        const int port = 80;
        Assert.SkipWhen(
            int.Parse(await File.ReadAllTextAsync("/proc/sys/net/ipv4/ip_unprivileged_port_start", TestContext.Current.CancellationToken), null) <= port,
            "This system permits every port to every user.");

        var isPermitted = Needs.Has(Capability.BindPrivilegedPorts);
        if (isPermitted)
        {
            Needs.Installed("setpriv");
        }

        // Without that one capability root may still enter the folder of the program, which another user may not.
        await using var command = isPermitted
            ? new ChildProcess("setpriv", ["--bounding-set=-net_bind_service", "--inh-caps=-net_bind_service", AccioServer.Binary, AccioServer.Number(port)])
            : new ChildProcess(AccioServer.Binary, [AccioServer.Number(port)]);
        await FailedStart.ExpectAsync(command, "Port 80 is not permitted");
    }

    [Fact]
    public async Task Server_StoppedWithConnections_StartsAgainAtOnceOnItsPort()
    {
        await using var first = await AccioServer.StartAsync();
        await first.TransferAsync(1);
        using var served = await first.ConnectServedAsync();
        await first.StopAsync(1, "ERROR");

        // Its connections may be in TIME_WAIT for a minute, which is no reason to refuse the port.
        await using var second = new ChildProcess(AccioServer.Binary, [AccioServer.Number(first.Port)]);
        await second.Errors.WaitUntilAsync(text => text.Contains($"Listening on 0.0.0.0:{first.Port}\n", StringComparison.Ordinal));
        Signal.Terminate.SendTo(second.Id);
        Assert.Equal(0, await second.ExitAsync());
    }

    [Theory]
    [InlineData("--help", "--idle-timeout", "--shutdown-grace", "--backlog", "--lenient", "--version", "PORT")]
    [InlineData("-h", "PORT")]
    [InlineData("--version", "accio-kestrel 0.")]
    public async Task Question_IsAnsweredOnStandardOutput(string argument, params string[] answer)
    {
        await using var command = new ChildProcess(AccioServer.Binary, [argument]);

        Assert.Equal(0, await command.ExitAsync());
        Assert.All(answer, word => Assert.Contains(word, command.Output.ToString(), StringComparison.Ordinal));
        Assert.Empty(command.Errors.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("--idle-timeout 0.5 --shutdown-grace 0 --backlog 1 --lenient")]
    [InlineData("--idle-timeout=86400 --shutdown-grace=86400 --backlog=65535")]
    public async Task Arguments_Good_StartTheServer(string options)
    {
        await using var server = await AccioServer.StartAsync(options);
        await server.TransferAsync(5);
        await server.StopAsync(5);
    }

    [Fact]
    public async Task Environment_ForWebApplications_OpensNoOtherPort()
    {
        var port = AccioServer.FreePort();
        var urls = $"http://127.0.0.1:{port}";
        var number = AccioServer.Number(port);
        await using var server = await AccioServer.StartAsync(environment:
        [
            ("URLS", urls), ("ASPNETCORE_URLS", urls), ("DOTNET_URLS", urls),
            ("HTTP_PORTS", number), ("HTTPS_PORTS", number), ("ASPNETCORE_HTTP_PORTS", number),
            ("PREFERHOSTINGURLS", "true"), ("ASPNETCORE_PREFERHOSTINGURLS", "true"),
            ("Kestrel__Endpoints__Http__Url", urls), ("ASPNETCORE_ENVIRONMENT", "Development"),
        ]);
        await server.Errors.WaitUntilAsync(text => text.Contains("Serving Accio without TLS\n", StringComparison.Ordinal));
        Assert.DoesNotContain("warn:", server.Errors.ToString(), StringComparison.Ordinal);

        await Assert.ThrowsAsync<SocketException>(() => AccioClient.ConnectAsync(port));
        await server.TransferAsync(5);
        await server.StopAsync(5);
    }

    [Fact]
    public async Task Port_WithLeadingZeros_IsStillDecimal()
    {
        var port = AccioServer.FreePort();
        await using var command = new ChildProcess(AccioServer.Binary, [$"00{port}"]);
        await command.Errors.WaitUntilAsync(text => text.Contains($"Listening on 0.0.0.0:{port}\n", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("--idletimeout 3", "--idletimeout is not an option; did you mean --idle-timeout?")]
    [InlineData("--idel-timeout=3", "--idel-timeout is not an option; did you mean --idle-timeout?")]
    [InlineData("--Idle-Timeout 3", "did you mean --idle-timeout?")]
    [InlineData("-idle-timeout 3", "did you mean --idle-timeout?")]
    [InlineData("\u2013\u2013idle-timeout 3", "did you mean --idle-timeout?")]
    [InlineData("--idle_timeout 3", "did you mean --idle-timeout?")]
    [InlineData("--timeout 3", "did you mean --idle-timeout?")]
    [InlineData("--stauts 8080", "did you mean --status?")]
    [InlineData("--backlogs 5", "did you mean --backlog?")]
    [InlineData("--tls-cert file", "did you mean --tls-certificate?")]
    [InlineData("--halp", "did you mean --help?")]
    [InlineData("--versoin", "did you mean --version?")]
    [InlineData("--port 5000", "--port is not an option; the port stands alone, as in accio-kestrel 5000.")]
    [InlineData("--verbose", "--verbose is not an option. Try accio-kestrel --help.")]
    public async Task Option_Misspelt_GetsTheNearestRightOne(string option, string answer)
    {
        await FailedStart.ExpectOptionsAsync(option, answer);
        // In front of the port, the parser takes it for the port.
        await using var first = new ChildProcess(AccioServer.Binary, [.. option.Split(' '), "5000"]);
        await FailedStart.ExpectAsync(first, answer);
    }

    [Fact]
    public async Task Name_IsTheSameInVersionHelpAndErrors()
    {
        await using var version = new ChildProcess(AccioServer.Binary, ["--version"]);
        Assert.Equal(0, await version.ExitAsync());
        Assert.Matches("^accio-kestrel [0-9]+\\.[0-9]+\\.[0-9]+( \\([0-9a-f]{7}\\))?\r?\n$", version.Output.ToString());

        await using var help = new ChildProcess(AccioServer.Binary, ["--help"]);
        Assert.Equal(0, await help.ExitAsync());
        Assert.Contains("accio-kestrel <PORT> [options]", help.Output.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("AccioKestrel", help.Output.ToString(), StringComparison.Ordinal);

        await using var error = new ChildProcess(AccioServer.Binary, []);
        await FailedStart.ExpectAsync(error, "The port is missing, as in accio-kestrel 5000. Try accio-kestrel --help.");
    }

    [Fact]
    public async Task Answer_ThatCannotBeWritten_IsAnError()
    {
        foreach (var question in (string[])["--help", "--version"])
        {
            await using var command = new ChildProcess("/bin/bash", ["-c", $"exec \"$0\" {question} > /dev/full", AccioServer.Binary]);
            await FailedStart.ExpectAsync(command, "No space left on device");
        }
    }
}
