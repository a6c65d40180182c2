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
        await using var killed = await Backend.StartAsync();
        await using var drained = await Backend.StartAsync();
        await using var third = await Backend.StartAsync();
        await using var fourth = await Backend.StartAsync();
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
        await third.StopAsync();
        await fourth.StopAsync();

        sizes.Remove(lost.Size);
        var printed = servers.SelectMany(server => server.Sizes).ToList();
        Assert.Equal(sizes, printed.Order());
        Assert.Equal(sizes.Sum(), printed.Sum());
        Assert.All(servers, crowd.ExpectOneAtATime);
    }

    [Fact]
    public async Task Clients_ThatWait_KeepTheirOrderAndMayHaveSentAllAlready()
    {
        HaProxy.SkipUnlessInstalled();
        await using var backend = await Backend.StartAsync();
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

        // Who leaves without having sent anything costs nobody a turn.
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
        await using var backend = await Backend.StartAsync();
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
    public async Task Clients_ThatStayAfterTheirError_KeepTheServerFromNobody()
    {
        HaProxy.SkipUnlessInstalled();
        await using var backend = await Backend.StartAsync("--idle-timeout 0.5");
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
