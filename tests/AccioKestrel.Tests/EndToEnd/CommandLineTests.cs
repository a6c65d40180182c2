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
        ["5000", "--min-data-rate", "0"],
        ["5000", "--min-data-rate-grace-period", "1"],
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
        await ExpectFailureAsync(command);
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
        await ExpectFailureAsync(command, setting);
    }

    [Fact]
    public async Task Port_InUse_IsExplained()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Any, 0));
        socket.Listen();
        var port = AccioServer.Number(((IPEndPoint)socket.LocalEndPoint!).Port);

        await using var command = new ChildProcess(AccioServer.Binary, [port]);
        await ExpectFailureAsync(command, $"Port {port} is in use");
    }

    [Fact]
    public async Task Port_InUseByAnotherServer_IsExplainedAndTheOtherGoesOn()
    {
        await using var server = await AccioServer.StartAsync();

        await using var command = new ChildProcess(AccioServer.Binary, [AccioServer.Number(server.Port)]);
        await ExpectFailureAsync(command, $"Port {server.Port} is in use");

        await server.TransferAsync(5);
        await server.StopAsync(5);
    }

    [Fact]
    public async Task Port_NotPermitted_IsExplained()
    {
        const int port = 80;
        Assert.SkipWhen(
            int.Parse(await File.ReadAllTextAsync("/proc/sys/net/ipv4/ip_unprivileged_port_start", TestContext.Current.CancellationToken), null) <= port,
            "This system permits every port to everybody.");

        await using var command = Environment.IsPrivilegedProcess
            ? new ChildProcess("setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", AccioServer.Binary, AccioServer.Number(port)])
            : new ChildProcess(AccioServer.Binary, [AccioServer.Number(port)]);
        await ExpectFailureAsync(command, "Port 80 is not permitted");
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
    [InlineData("--version", "0.")]
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
        await using var server = await AccioServer.StartAsync(
            environment: [("ASPNETCORE_URLS", urls), ("DOTNET_URLS", urls), ("ASPNETCORE_ENVIRONMENT", "Development")]);

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

    private static async Task ExpectFailureAsync(ChildProcess command, string reason = "")
    {
        Assert.Equal(1, await command.ExitAsync());
        var errors = command.Errors.ToString();
        Assert.StartsWith("ERROR: ", errors, StringComparison.Ordinal);
        Assert.Contains(reason, errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", errors, StringComparison.Ordinal);
        Assert.Empty(command.Output.ToString());
    }
}
