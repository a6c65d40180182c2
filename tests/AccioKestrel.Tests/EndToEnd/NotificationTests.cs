using static AccioKestrel.Testing.Accio;

namespace AccioKestrel.Tests.EndToEnd;

/// <summary>What the server tells systemd: start, stop, reload, what it serves, and that it does not hang.</summary>
public sealed class NotificationTests : IDisposable
{
    private const string Ready = "READY=1";
    private const string Stopping = "STOPPING=1";
    private const string Alive = "WATCHDOG=1";

    /// <summary>A limit of the watchdog at which the server notifies often, and a healthy server on a busy machine still takes a step in time.</summary>
    private static readonly (string Name, string Value) s_watchdog = ("WATCHDOG_USEC", "2000000");

    private readonly NotifySocket _systemd = new();

    public void Dispose() => _systemd.Dispose();

    [Fact]
    public async Task Server_TellsWhenItListensAndWhenItStops()
    {
        await using var server = await AccioServer.StartAsync(environment: _systemd.Variable);
        var before = await _systemd.UntilAsync(Ready);
        using var client = await server.ConnectServedAsync();

        await server.StopAsync("ERROR");

        var after = await _systemd.UntilAsync(Stopping);
        Assert.All(before.SkipLast(1).Concat(after.SkipLast(1)), message => Assert.StartsWith("STATUS=", message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Socket_ThatCannotBeWrittenTo_DoesNotKeepTheServerFromServing()
    {
        await using var server = await AccioServer.StartAsync(environment: ("NOTIFY_SOCKET", "/nowhere/at/all"));
        await server.TransferAsync(5);
        await server.StopAsync(5);
        Assert.Equal(2, server.Errors.ToString().Split("systemd cannot be notified").Length);
    }

    [Fact]
    public async Task Socket_ThatNothingReads_DoesNotDelayAStop()
    {
        // More than the queue of a socket takes.
        await using var server = await AccioServer.StartAsync(environment: [_systemd.Variable, ("WATCHDOG_USEC", "1000")]);
        await server.Errors.WaitUntilAsync(text => text.Contains("systemd cannot be notified, NOTIFY_SOCKET is wrong: nothing reads it", StringComparison.Ordinal));

        await server.TransferAsync(5);
        await server.StopAsync(5);
    }

    [Fact]
    public async Task Status_SaysWhatIsServed_AndOnlyWhatHasChanged()
    {
        await using var server = await AccioServer.StartAsync("--idle-timeout 3600", environment: [_systemd.Variable, s_watchdog]);
        await _systemd.UntilAsync("STATUS=Waiting for a client. Exchanges: 0, counted: 0, errors: 0");
        // So many notifications of the watchdog are longer apart than two of the status.
        var idle = new List<string>();
        for (var alive = 0; alive < 4; alive += idle[^1] is Alive ? 1 : 0)
        {
            idle.Add(await _systemd.NextAsync());
        }

        Assert.DoesNotContain(idle, message => message.StartsWith("STATUS=", StringComparison.Ordinal));
        using var client = await server.ConnectServedAsync();
        using var waiting = await server.ConnectAsync();
        await _systemd.UntilAsync($"^STATUS=127.0.0.1:{client.LocalPort}  waiting for confirm-accio(, silent [0-9]+ s of 3600 s)?, 1 waiting$");
        await client.SendAsync(Header);
        await client.SendAsync(new byte[3072]);
        await _systemd.UntilAsync($"^STATUS=127.0.0.1:{client.LocalPort}  3.00 KiB, .*, 1 waiting$");
        client.HalfClose();
        await waiting.TransferAsync(7);
        await _systemd.UntilAsync("STATUS=Waiting for a client. Exchanges: 2, counted: 2, errors: 0");
        await server.StopAsync(3072, 7);
    }

    [Fact]
    public async Task Watchdog_ServerThatWaits_IsAlive()
    {
        await using var server = await AccioServer.StartAsync("--idle-timeout 3600", environment: [_systemd.Variable, s_watchdog]);
        await _systemd.UntilAsync(Alive, 3);
        using (var client = await server.ConnectServedAsync())
        {
            using var waiting = await server.ConnectAsync();
            await _systemd.UntilAsync("1 waiting");
            await _systemd.UntilAsync(Alive, 3);
        }

        await _systemd.UntilAsync("Exchanges: 2");
        await server.StopAsync("ERROR", "ERROR");
        Assert.DoesNotContain("hangs", server.Errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Watchdog_ResultThatNothingReads_IsNoHang()
    {
        await using var server = await OutputTests.StartBehindAFullPipeAsync("", "blocking", _systemd.Variable, s_watchdog);
        using var client = await server.ConnectAsync();
        await client.TransferUnansweredAsync(fileSize: 4321);

        await _systemd.UntilAsync($"STATUS=127.0.0.1:{client.LocalPort}  writing the result");
        await _systemd.UntilAsync(Alive, 3);

        await server.InputLineAsync();
        await server.ExpectLinesAsync(4321);
        await server.StopAsync(4321);
    }

    [Fact]
    public async Task Watchdog_OfAnotherProcess_IsIgnored()
    {
        await using var server = await AccioServer.StartAsync(environment: [_systemd.Variable, s_watchdog, ("WATCHDOG_PID", "1")]);
        await server.StopAsync();
        Assert.DoesNotContain(Alive, await _systemd.UntilAsync(Stopping));
    }

    [Theory]
    [InlineData("recvfrom")]
    [InlineData("accept4")]
    public async Task Watchdog_CallThatDoesNotReturn_IsAHang(string call)
    {
        // Each of these calls takes ten minutes, in microseconds.
        using var fault = new FaultInjection(call, error: "", when: "1+") { Effect = "delay_enter=600000000" };
        await using var server = await fault.StartAsync("--idle-timeout 3600", environment: [_systemd.Variable, s_watchdog]);
        await _systemd.UntilAsync(Alive, 2);
        using var client = await server.ConnectAsync();
        await client.SendAllAtOnceAsync(5);

        await server.Errors.WaitUntilAsync(text => text.Contains("The server hangs", StringComparison.Ordinal));

        await _systemd.DrainAsync();
        await _systemd.ExpectNoneAsync(Alive, seconds: 5);
        FaultInjection.Kill(server);
    }

    [Fact]
    public async Task Hangup_IsAReload_AndTheServerGoesOn()
    {
        using var certificates = new TestCertificates();
        await using var server = await AccioServer.StartAsync(certificates.ServerOptions, environment: _systemd.Variable);
        await _systemd.UntilAsync(Ready);
        certificates.WriteServer("CN=renewed");

        Signal.Hangup.SendTo(server.ProcessId);

        var reloading = (await _systemd.UntilAsync("RELOADING=1"))[^1];
        Assert.Matches("^RELOADING=1\nMONOTONIC_USEC=[0-9]+$", reloading);
        await _systemd.UntilAsync(Ready);
        // The log is written a little later.
        await server.Errors.WaitUntilAsync(text => text.Contains("TLS certificate read again", StringComparison.Ordinal));
        await server.StopAsync();
    }

    [Fact]
    public async Task Hangup_WithNothingToReload_IsAnsweredToo()
    {
        await using var server = await AccioServer.StartAsync(environment: _systemd.Variable);
        await _systemd.UntilAsync(Ready);

        Signal.Hangup.SendTo(server.ProcessId);

        await _systemd.UntilAsync("RELOADING=1");
        await _systemd.UntilAsync(Ready);
        await server.TransferAsync(5);
        await server.StopAsync(5);
    }
}
