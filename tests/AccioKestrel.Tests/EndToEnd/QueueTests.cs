using static AccioKestrel.Testing.Accio;

namespace AccioKestrel.Tests.EndToEnd;

/// <summary>Many clients at a time: one is served, the others wait in the kernel's accept queue, in order.</summary>
public sealed class QueueTests
{
    [Theory]
    [InlineData(10)]
    [InlineData(100)]
    public async Task Clients_ThatComeWhileOneIsServed_WaitInTheKernelAndAreServedInOrder(int count)
    {
        await using var server = await AccioServer.StartAsync();
        using var first = await server.ConnectServedAsync();
        var waiting = new List<AccioClient>();
        for (var size = 1; size <= count; size++)
        {
            waiting.Add(await server.ConnectAsync());
            // What they send early waits with them; the sizes tell them apart in the output.
            await waiting[^1].SendAllAtOnceAsync(size);
        }

        await server.ExpectQueueAsync(count);
        await first.ExpectSilenceAsync();
        foreach (var client in waiting)
        {
            await client.ExpectSilenceAsync(seconds: 0);
        }

        await server.ExpectLinesAsync();
        await first.SendAllAtOnceAsync(fileSize: 0);
        await server.ExpectLinesAsync(Enumerable.Range(0, count + 1).Cast<object>());

        await server.ExpectQueueAsync(0);
        foreach (var client in waiting)
        {
            Assert.Equal(Command + Command, await client.WaitForCloseAsync());
            client.Dispose();
        }

        await server.StopAsync(Enumerable.Range(0, count + 1).Cast<object>());
    }

    [Theory]
    [InlineData(10)]
    [InlineData(100)]
    public async Task Clients_AllAtOnce_AreAllServed(int count)
    {
        await using var server = await AccioServer.StartAsync();

        await Task.WhenAll(Enumerable.Range(1, count).Select(server.TransferAsync));

        var output = await server.Output.WaitUntilAsync(text => text.Count(letter => letter == '\n') >= count);
        var sizes = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse).ToList();
        Assert.Equal(Enumerable.Range(1, count), sizes.Order());
        await server.StopAsync(sizes.Cast<object>());
    }

    [Fact]
    public async Task Exchange_Ended_LeavesExactlyOneMoreClientTheQueue()
    {
        await using var server = await AccioServer.StartAsync();
        using var first = await server.ConnectServedAsync();
        using var second = await server.ConnectAsync();
        using var third = await server.ConnectAsync();
        await server.ExpectQueueAsync(2);

        first.HalfClose();
        await second.ExpectCommandAsync();

        await server.ExpectQueueAsync(1);
        await third.ExpectSilenceAsync();
        second.HalfClose();
        await third.TransferAsync(3);
        await server.StopAsync("ERROR", "ERROR", 3);
    }

    [Fact]
    public async Task Client_ThatGivesUpWhileItWaits_CostsNoOtherClientItsTurn()
    {
        await using var server = await AccioServer.StartAsync();
        using var first = await server.ConnectServedAsync();
        using var second = await server.ConnectAsync();
        using var closing = await server.ConnectAsync();
        using var third = await server.ConnectAsync();
        using var resetting = await server.ConnectAsync();
        using var fourth = await server.ConnectAsync();

        closing.Dispose();
        resetting.Reset();
        first.HalfClose();

        await second.TransferAsync(2);
        await third.TransferAsync(3);
        await fourth.TransferAsync(4);
        await server.StopAsync("ERROR", 2, "ERROR", 3, "ERROR", 4);
    }

    [Theory]
    [InlineData("", 512)]
    [InlineData("--backlog 7", 7)]
    public async Task Backlog_IsWhatTheKernelWasTold(string options, int backlog)
    {
        Needs.Installed("ss");
        await using var server = await AccioServer.StartAsync(options);

        var socket = await ChildProcess.RunShellAsync("ss -ltnH sport = :$0", AccioServer.Number(server.Port));

        // State, Recv-Q, Send-Q: of a listen socket the last is its backlog.
        Assert.Equal(["LISTEN", "0", AccioServer.Number(backlog)], socket.Split(' ', StringSplitOptions.RemoveEmptyEntries)[..3]);
        await server.StopAsync();
    }
}
