using static AccioKestrel.Testing.Accio;

namespace AccioKestrel.Tests.EndToEnd;

/// <summary>A server with an inherited listen socket, whose queue outlives it.</summary>
public sealed class SystemdTests
{
    private const string SocketActivate = "systemd-socket-activate";
    private const string Analyze = "systemd-analyze";

    /// <summary>With these a server that does not stop at once, but by one of its limits, stops later than a test waits.</summary>
    private static readonly string[] s_longLimits = ["--shutdown-grace", "3600", "--idle-timeout", "3600"];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Restart_InMidQueue_AllWhoWaitedAreServedInOrder(bool blocking)
    {
        using var socket = new HeldSocket(blocking);
        await RestartInMidQueueAsync(socket, () => socket.Start(AccioServer.Binary, [AccioServer.Number(socket.Port), .. s_longLimits]));
    }

    [Fact]
    public async Task Restart_BySystemdSocketActivate_AllWhoWaitedAreServedInOrder()
    {
        Needs.Installed(SocketActivate);
        using var socket = new HeldSocket();
        // It takes over the socket that it is started with, and starts the program when the first client is there.
        await RestartInMidQueueAsync(
            socket, () => socket.Start(SocketActivate, [.. PassedOn, "--fdname=accio", AccioServer.Binary, AccioServer.Number(socket.Port), .. s_longLimits]));
    }

    [Fact]
    public async Task Start_BySystemdSocketActivate_IsWithTheFirstClient()
    {
        Needs.Installed(SocketActivate);
        var port = AccioServer.FreePort();
        await using var process = new ChildProcess(
            SocketActivate, [$"--listen=0.0.0.0:{port}", .. PassedOn, AccioServer.Binary, AccioServer.Number(port)]);
        await process.Errors.WaitUntilAsync(text => text.Contains("Listening on", StringComparison.Ordinal));
        using var first = await AccioClient.ConnectAsync(port);

        await using var server = await AccioServer.AttachAsync(process, port);
        using var second = await server.ConnectAsync();
        await first.TransferAsync(1);
        await second.TransferAsync(2);

        await server.StopAsync(1, 2);
    }

    [Fact]
    public async Task Client_BeforeTheStart_HasItsUrgentBytesCounted()
    {
        using var socket = new HeldSocket();
        using var client = await socket.ConnectAsync();
        await using var server = await socket.StartAsync();
        await client.ConfirmBothAsync();
        client.SendUrgent();
        client.HalfClose();
        await client.WaitForCloseAsync();
        await server.StopAsync(1);
    }

    [Fact]
    public async Task Kill_InMidQueue_CostsTheClientInServiceAlone()
    {
        using var socket = new HeldSocket();
        using var inService = await socket.ConnectAsync();
        using var first = await socket.ConnectAsync();
        using var second = await socket.ConnectAsync();
        await using (var server = await socket.StartAsync())
        {
            await inService.ExpectCommandAsync();
            await server.KillAsync();
        }

        await using var next = await socket.StartAsync();
        await first.TransferAsync(1);
        await second.TransferAsync(2);
        await next.StopAsync(1, 2);
    }

    [Fact]
    public async Task Stop_DisconnectsNoneOfTheQueue_AndDoesNotSaySo()
    {
        using var socket = new HeldSocket();
        using var inService = await socket.ConnectAsync();
        using var waiting = await socket.ConnectAsync();
        await using var server = await socket.StartAsync();
        await inService.ExpectCommandAsync();

        await server.StopAsync("ERROR");

        Assert.DoesNotContain("disconnected", server.Errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Restarts_UnderLoad_LoseNoMoreThanTheClientInService()
    {
        const int restarts = 5;
        const int clients = 500;
        using var socket = new HeldSocket();
        using var queue = new WaitingClients(await Task.WhenAll(Enumerable.Range(1, clients).Select(_ => socket.ConnectAsync())));
        foreach (var client in queue)
        {
            await client.SendAllAtOnceAsync(fileSize: 7);
        }

        var sizes = new List<string>();
        for (var run = 1; run <= restarts; run++)
        {
            await using var server = await socket.StartAsync();
            // It has just begun with the queue.
            Signal.Terminate.SendTo(server.ProcessId);
            Assert.Equal(0, await server.ExitAsync());
            sizes.AddRange(server.Output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries));
        }

        await using var last = await socket.StartAsync();
        await last.TransferAsync(8);
        var rest = await last.Output.WaitUntilAsync(text => text.EndsWith("8\n", StringComparison.Ordinal));
        sizes.AddRange(rest.Split('\n', StringSplitOptions.RemoveEmptyEntries));

        // A stop can cost one client, which is before its file, or was accepted and has received nothing. No other is lost.
        Assert.Equal("8", sizes[^1]);
        Assert.InRange(sizes.Count(size => size is "7"), clients - restarts, clients);
    }

    [Fact]
    public async Task Servers_TwoOnOneSocket_ServeEachClientOnce()
    {
        const int clients = 50;
        using var socket = new HeldSocket();
        await using var old = await socket.StartAsync();
        await using var next = await socket.StartAsync();

        for (var size = 1; size <= clients; size++)
        {
            // Both are woken, and the one that comes too late goes back to waiting.
            using var client = await socket.ConnectAsync();
            await client.TransferAsync(size);
        }

        Signal.Terminate.SendTo(old.ProcessId);
        Signal.Terminate.SendTo(next.ProcessId);
        Assert.Equal(0, await old.ExitAsync());
        Assert.Equal(0, await next.ExitAsync());
        var sizes = $"{old.Output}{next.Output}".Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse);
        Assert.Equal(Enumerable.Range(1, clients), sizes.Order());
    }

    [Fact]
    public async Task Port_NotTheSockets_IsExplainedAndTheQueueStays()
    {
        using var socket = new HeldSocket();
        var port = AccioServer.FreePort();
        using var client = await socket.ConnectAsync();

        await using var wrong = socket.Start(AccioServer.Binary, AccioServer.Number(port));
        await ExpectFailureAsync(wrong, $"listens on 0.0.0.0:{socket.Port}, and PORT is {port}");

        await using var server = await socket.StartAsync();
        await client.TransferAsync(5);
        await server.StopAsync(5);
    }

    [Fact]
    public async Task Descriptor_NoListenSocket_IsExplained()
    {
        await using var command = new ChildProcess(
            "/bin/bash", ["-c", """exec 3</dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" 5000""", AccioServer.Binary]);
        await ExpectFailureAsync(command, "does not listen on a TCP port");
    }

    [Fact]
    public async Task Sockets_Several_TheOneNamedAccioIsServed()
    {
        using var other = new HeldSocket();
        using var socket = new HeldSocket();
        await using var server = await AccioServer.AttachAsync(
            HeldSocket.Start([("other", other), ("accio", socket)], AccioServer.Binary, AccioServer.Number(socket.Port)), socket.Port);

        await server.TransferAsync(5);
        await server.StopAsync(5);
    }

    [Theory]
    [InlineData("LISTEN_PID=1 LISTEN_FDS=1")]
    [InlineData("LISTEN_PID=$$ LISTEN_FDS=0")]
    [InlineData("LISTEN_FDS=1")]
    public async Task Environment_NotMeantForTheServer_IsIgnored(string variables)
    {
        await using var server = await AccioServer.StartAsync(shell: $"""{variables} exec "$0" "$@" """);
        await server.TransferAsync(5);
        await server.StopAsync(5);
    }

    [Fact]
    public async Task Units_AreInOrder()
    {
        Needs.Installed(Analyze);
        var folder = Directory.CreateTempSubdirectory("accio-units");
        try
        {
            // That the program is installed where the unit has it is the one thing that a test cannot see to.
            await ChildProcess.RunShellAsync(
                """
                sed "s,^ExecStart=[^ ]*,ExecStart=\"$1\"," "$2/accio.service" > "$0/accio.service" && cp "$2/accio.socket" "$0" &&
                systemd-analyze verify --man=no "$0/accio.service" "$0/accio.socket"
                """,
                folder.FullName, AccioServer.Binary, Repository.PathOf("deploy/systemd"));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Units_PortOfTheSocket_IsTheServices()
    {
        var service = await File.ReadAllTextAsync(Repository.PathOf("deploy/systemd/accio.service"));
        var socket = await File.ReadAllTextAsync(Repository.PathOf("deploy/systemd/accio.socket"));

        Assert.Contains("\nExecStart=/usr/local/bin/AccioKestrel 5000\n", service, StringComparison.Ordinal);
        Assert.Contains("\nListenStream=0.0.0.0:5000\n", socket, StringComparison.Ordinal);
        Assert.Contains("\nFileDescriptorName=accio\n", socket, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Units_SocketIsRequiredWhileItIsEnabled()
    {
        Needs.Installed("systemctl");
        var root = Directory.CreateTempSubdirectory("accio-units");
        try
        {
            await ChildProcess.RunShellAsync(
                """mkdir -p "$0/etc/systemd/system" && cp "$1"/* "$0/etc/systemd/system" && systemctl --root="$0" enable accio.service""",
                root.FullName, Repository.PathOf("deploy/systemd"));
            var units = Path.Combine(root.FullName, "etc/systemd/system");
            Assert.True(File.Exists(Path.Combine(units, "accio.service.requires/accio.socket")));
            Assert.True(File.Exists(Path.Combine(units, "sockets.target.wants/accio.socket")));

            // Behind a load balancer.
            await ChildProcess.RunShellAsync("""systemctl --root="$0" disable accio.socket""", root.FullName);

            Assert.False(Path.Exists(Path.Combine(units, "accio.service.requires")));
            Assert.True(File.Exists(Path.Combine(units, "multi-user.target.wants/accio.service")));
        }
        finally
        {
            root.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Units_ExposureIsBelowTwo()
    {
        Needs.Installed(Analyze);

        // Fails above the threshold, in tenths.
        var report = await ChildProcess.RunShellAsync(
            "systemd-analyze security --offline=true --threshold=19 --no-pager \"$0\"", Repository.PathOf("deploy/systemd/accio.service"));

        Assert.Contains("Overall exposure level for accio.service: 1.", report, StringComparison.Ordinal);
    }

    /// <summary>Options of systemd-socket-activate: it passes on nothing of its environment by itself.</summary>
    private static string[] PassedOn => Environment.GetEnvironmentVariable("DOTNET_ROOT") is null ? [] : ["--setenv=DOTNET_ROOT"];

    /// <summary>One client is served without an end, with others before and behind it, when the server is stopped and started again.</summary>
    private static async Task RestartInMidQueueAsync(HeldSocket socket, Func<ChildProcess> start)
    {
        const int served = 10;
        const int clients = 20;
        using var queue = new WaitingClients(await ConnectAsync(1, served));
        using var stopped = await socket.ConnectAsync();
        using var behind = new WaitingClients(await ConnectAsync(served + 1, clients));

        await using (var server = await AccioServer.AttachAsync(start(), socket.Port))
        {
            await server.ExpectLinesAsync(Enumerable.Range(1, served).Cast<object>());
            await stopped.ExpectCommandAsync();
            await server.ExpectQueueAsync(clients - served);
            await server.StopAsync([.. Enumerable.Range(1, served).Cast<object>(), "ERROR"]);
        }

        // No process serves, and still no client is refused.
        using var late = await socket.ConnectAsync();
        await late.SendAllAtOnceAsync(clients + 1);
        await late.ExpectSilenceAsync();

        await using (var server = await AccioServer.AttachAsync(start(), socket.Port))
        {
            var rest = Enumerable.Range(served + 1, clients + 1 - served).Cast<object>().ToList();
            await server.ExpectLinesAsync(rest);
            await server.StopAsync(rest);
        }

        foreach (var client in queue.Concat(behind).Append(late))
        {
            Assert.Equal(Command + Command, await client.WaitForCloseAsync());
        }

        async Task<AccioClient[]> ConnectAsync(int first, int last)
        {
            var connected = new List<AccioClient>();
            for (var size = first; size <= last; size++)
            {
                connected.Add(await socket.ConnectAsync());
                await connected[^1].SendAllAtOnceAsync(size);
            }

            return [.. connected];
        }
    }

    private static async Task ExpectFailureAsync(ChildProcess command, string reason)
    {
        Assert.Equal(1, await command.ExitAsync());
        Assert.StartsWith("ERROR: ", command.Errors.ToString(), StringComparison.Ordinal);
        Assert.Contains(reason, command.Errors.ToString(), StringComparison.Ordinal);
        Assert.Empty(command.Output.ToString());
    }
}
