namespace AccioKestrel.Tests.EndToEnd;

/// <summary>Many servers behind a real HAProxy, with the configuration as it is deployed.</summary>
public sealed class ScalingTests
{
    [Fact]
    public async Task Configuration_IsValid()
    {
        HaProxy.SkipUnlessInstalled();

        Assert.Equal("Configuration file is valid\n", await HaProxy.RunAsync("-c", "-f", HaProxy.Configuration));
    }

    [Fact]
    public async Task FourServers_OneKilledOneDrained_CountEachOtherOfTwoHundredClientsOnce()
    {
        HaProxy.SkipUnlessInstalled();
        await using var killed = await HaProxy.StartServerAsync();
        await using var drained = await HaProxy.StartServerAsync();
        await using var third = await HaProxy.StartServerAsync();
        await using var fourth = await HaProxy.StartServerAsync();
        Backend[] servers = [killed, drained, third, fourth];
        await using var proxy = await HaProxy.StartAsync(servers);

        // Four have their turn, one on each server, and all others wait in the balancer.
        var sizes = Enumerable.Range(1001, 200).ToList();
        var crowd = new Crowd(proxy, sizes);
        await crowd.ServeAsync(4);
        await proxy.ExpectQueueAsync(196);
        crowd.ExpectNoOther();
        await crowd.ExpectServedByAsync(servers);
        await crowd.PassOnAsync(100);

        // One server is killed: its client sees the end, and the next one is served elsewhere.
        var served = await crowd.ExpectServedByAsync(servers);
        var lost = served[killed];
        await killed.Server.KillAsync();
        await lost.ExpectEndAsync();
        crowd.Served.Remove(lost);
        await proxy.ExpectStateAsync(killed, "DOWN");

        // Another one is drained: it keeps its client for as long as that likes, and gets no other.
        var kept = served[drained];
        await proxy.DrainAsync(drained);
        crowd.Served.Remove(kept);
        await crowd.PassOnAsync(20);
        await drained.ExpectServingAsync([kept.Size]);
        await kept.EndAsync();
        await crowd.PassOnAsync(20);
        await drained.StopAsync();
        Assert.Equal(kept.Size, drained.Sizes[^1]);

        // And on to the end, with the two that are left.
        await crowd.ExpectServedByAsync(third, fourth);
        crowd.ExpectNoOther();
        await crowd.PassOnAsync(crowd.Waiting);
        await Task.WhenAll(crowd.Served.Select(turn => turn.EndAsync()));
        await Task.WhenAll(third.StopAsync(), fourth.StopAsync());

        sizes.Remove(lost.Size);
        var printed = servers.SelectMany(server => server.Sizes).ToList();
        Assert.Equal(sizes, printed.Order());
        Assert.Equal(sizes.Sum(), printed.Sum());
        Assert.All(servers, crowd.ExpectOneAtATime);
        Assert.All([drained, third, fourth], crowd.ExpectAddresses);
    }

    [Theory]
    [InlineData("send-proxy")]
    [InlineData("send-proxy-v2")]
    public async Task HealthChecks_OfTheAccioPort_AreNoClients_AndClientsKeepTheirAddresses(string header)
    {
        HaProxy.SkipUnlessInstalled();
        await using var backend = await HaProxy.StartServerAsync();
        (string, string)[] changes =
        [
            ("option httpchk", ""),
            ("http-check send meth GET uri /healthz/ready ver HTTP/1.1 hdr Host localhost", ""),
            ("http-check expect status 200", ""),
            ("default-server send-proxy-v2 maxconn 1 check port 8080 inter 1s", $"default-server {header} maxconn 1 check inter 100ms"),
            ($" port {backend.Status.Port}", ""),
        ];
        await using var proxy = await HaProxy.StartAsync(changes, backend);
        for (var size = 0; size < 10; size++)
        {
            using var client = await proxy.ConnectAsync();
            await client.TransferAsync(size);
            await backend.Server.Errors.WaitUntilAsync(text => text.Contains($" 127.0.0.1:{client.LocalPort}: {size} bytes", StringComparison.Ordinal));
        }

        await backend.Server.StopAsync(Enumerable.Range(0, 10).Cast<object>());
    }

    [Fact]
    public async Task Clients_ThatWait_KeepTheirOrderAndMayHaveSentAllAlready()
    {
        HaProxy.SkipUnlessInstalled();
        await using var backend = await HaProxy.StartServerAsync();
        await using var proxy = await HaProxy.StartAsync(backend);
        using var first = await proxy.ConnectAsync();
        await first.ExpectCommandAsync();
        var waiting = new List<AccioClient>();
        for (var size = 1; size <= 10; size++)
        {
            waiting.Add(await proxy.ConnectAsync());
            await waiting[^1].SendAllAtOnceAsync(size);
            await proxy.ExpectQueueAsync(size);
        }

        // A client that leaves without having sent anything costs no other client a turn.
        using (await proxy.ConnectAsync())
        {
            await proxy.ExpectQueueAsync(11);
        }

        await proxy.ExpectQueueAsync(10);
        await first.SendAllAtOnceAsync(fileSize: 0);
        foreach (var client in waiting)
        {
            Assert.Equal(Accio.Command + Accio.Command, await client.WaitForCloseAsync());
            client.Dispose();
        }

        await backend.Server.StopAsync(Enumerable.Range(0, 11).Cast<object>());
    }

    [Fact]
    public async Task Clients_ThatBreakOff_AreErrorsAndNotShorterFiles()
    {
        const int count = 50;
        HaProxy.SkipUnlessInstalled();
        await using var backend = await HaProxy.StartServerAsync();
        await using var proxy = await HaProxy.StartAsync(backend);

        for (var i = 0; i < count; i++)
        {
            // The reset comes together with the last bytes, or right behind them.
            using var client = await proxy.ConnectAsync();
            await client.ConfirmBothAsync();
            await client.SendAsync(Accio.FileOf(i * 1000));
            client.Reset();
        }

        await backend.Server.ExpectLinesAsync(Enumerable.Repeat("ERROR", count));
    }

    [Fact]
    public async Task Clients_ThatStayAfterTheirError_DoNotHoldTheServer()
    {
        HaProxy.SkipUnlessInstalled();
        await using var backend = await HaProxy.StartServerAsync("--idle-timeout 3");
        await using var proxy = await HaProxy.StartAsync(backend);

        using var wrong = await proxy.ConnectAsync();
        await wrong.ExpectCommandAsync();
        await wrong.SendAsync("hello");
        Assert.Empty(await wrong.WaitForCloseAsync());
        using var silent = await proxy.ConnectAsync();
        await silent.ExpectCommandAsync();
        // The server resets the connection; the balancer makes an end of that.
        Assert.Empty(await silent.WaitForCloseAsync());
        using var last = await proxy.ConnectAsync();
        await last.TransferAsync(4);

        // None of it counts against the server.
        await proxy.ExpectStateAsync(backend, "UP");
        await backend.Server.StopAsync("ERROR", "ERROR", 4);
    }
}
