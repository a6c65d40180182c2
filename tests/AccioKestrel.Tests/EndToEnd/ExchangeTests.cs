using static AccioKestrel.Testing.Accio;

namespace AccioKestrel.Tests.EndToEnd;

/// <summary>The exchange with clients that keep to the protocol, however they send.</summary>
public sealed class ExchangeTests
{
    private const int KiB = 1024;
    private const int MiB = 1024 * KiB;

    [Fact]
    public async Task Transfer_SizesAroundEveryBufferSize_AreCounted()
    {
        await using var server = await AccioServer.StartAsync();
        int[] sizes =
        [
            0, 1, 2,
            .. from size in new[] { 4 * KiB, 64 * KiB, MiB }
               // Where the file alone, and where the file behind its confirmations, fills a buffer.
               from filled in new[] { size, size - SecondConfirmation.Length, size - Header.Length }
               from difference in new[] { -1, 0, 1 }
               select filled + difference,
            5 * MiB + 7,
        ];

        foreach (var size in sizes)
        {
            await server.TransferAsync(size);
        }

        await server.StopAsync(sizes.Cast<object>());
    }

    [Fact]
    public async Task Transfer_MoreThanFourGibibytes_IsCountedIn64Bits()
    {
        await using var server = await AccioServer.StartAsync();
        using var client = await server.ConnectAsync();
        await client.ConfirmBothAsync();
        var piece = FileOf(MiB);

        const int pieces = 5 * KiB;
        for (var i = 0; i < pieces; i++)
        {
            await client.SendAsync(piece);
        }

        client.HalfClose();
        await client.WaitForCloseAsync();
        await server.StopAsync((long)pieces * MiB);
    }

    [Fact]
    public async Task Send_ByteByByte_IsCounted()
    {
        await using var server = await AccioServer.StartAsync();
        using var client = await server.ConnectAsync();

        foreach (var value in StreamOf(fileSize: 100))
        {
            await client.SendAsync(new[] { value });
        }

        client.HalfClose();
        Assert.Equal(Command + Command, await client.WaitForCloseAsync());
        await server.StopAsync(100);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1000)]
    [InlineData(MiB)]
    public async Task Send_AllAtOnceBeforeReadingAnything_IsCounted(int size)
    {
        await using var server = await AccioServer.StartAsync();
        using var client = await server.ConnectAsync();

        await client.SendAllAtOnceAsync(size);

        Assert.Equal(Command + Command, await client.WaitForCloseAsync());
        await server.StopAsync(size);
    }

    [Fact]
    public async Task Send_StreamInTwoSegmentsWithEveryBorder_IsCounted()
    {
        const string File = "\r\nabc";
        const string Stream = Header + File;
        await using var server = await AccioServer.StartAsync();

        for (var border = 1; border < Stream.Length; border++)
        {
            using var client = await server.ConnectServedAsync();
            await client.SendPiecesAsync(Stream[..border], Stream[border..]);
            client.HalfClose();
            Assert.Equal(Command, await client.WaitForCloseAsync());
        }

        await server.StopAsync(Enumerable.Repeat<object>(File.Length, Stream.Length - 1));
    }

    [Theory]
    [InlineData("\r\n")]
    [InlineData("\r\n\r\n")]
    [InlineData("\r\nabc")]
    [InlineData("abc\r\n\r\nabc")]
    [InlineData(FirstConfirmation)]
    [InlineData(SecondConfirmation)]
    [InlineData(Header + Header)]
    [InlineData(Command)]
    [InlineData("\0\u00ff\u0004\u001a")]
    public async Task Transfer_FileThatLooksLikeTheProtocol_IsCountedAsItIs(string file)
    {
        await using var server = await AccioServer.StartAsync();

        using (var inSteps = await server.ConnectAsync())
        {
            await inSteps.ConfirmBothAsync();
            await inSteps.SendAsync(file);
            inSteps.HalfClose();
            await inSteps.WaitForCloseAsync();
        }

        using (var atOnce = await server.ConnectAsync())
        {
            await atOnce.SendAsync(Header + file);
            atOnce.HalfClose();
            await atOnce.WaitForCloseAsync();
        }

        await server.StopAsync(file.Length, file.Length);
    }

    [Fact]
    public async Task Commands_ComeOneByOne_EachInASegmentOfItsOwn()
    {
        await using var server = await AccioServer.StartAsync();
        using var client = await server.ConnectAsync();

        await client.ExpectCommandAsync();
        await client.ExpectSilenceAsync();
        await client.SendAsync(FirstConfirmation[..^1]);
        await client.ExpectSilenceAsync();
        Assert.Equal(1, client.SegmentsReceived);

        await client.SendAsync(FirstConfirmation[^1..]);
        await client.ExpectCommandAsync();
        await client.ExpectSilenceAsync();
        Assert.Equal(2, client.SegmentsReceived);

        await client.SendSecondConfirmationAsync();
        await client.ExpectSilenceAsync();
        client.HalfClose();
        Assert.Empty(await client.WaitForCloseAsync());
        await server.StopAsync(0);
    }

    [Fact]
    public async Task Commands_ClientConfirmsBothAtOnce_AreStillTwoSegments()
    {
        await using var server = await AccioServer.StartAsync();
        using var client = await server.ConnectAsync();

        await client.SendAsync(StreamOf(fileSize: 3));
        await client.ExpectCommandAsync();
        await client.ExpectCommandAsync();

        Assert.Equal(2, client.SegmentsReceived);
        client.HalfClose();
        await client.WaitForCloseAsync();
        await server.StopAsync(3);
    }

    [Fact]
    public async Task HalfClose_AfterTheFile_IsAnsweredByAnEndInGoodOrder()
    {
        await using var server = await AccioServer.StartAsync();
        using var client = await server.ConnectAsync();
        await client.ConfirmBothAsync();
        await client.SendAsync("abc");
        await client.ExpectSilenceAsync();
        await server.ExpectLinesAsync();

        client.HalfClose();

        Assert.Empty(await client.WaitForCloseAsync());
        await server.StopAsync(3);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Close_WithoutReadingAfterAllIsSent_IsCounted(bool whileWaiting)
    {
        await using var server = await AccioServer.StartAsync();
        using var served = await server.ConnectServedAsync();
        if (!whileWaiting)
        {
            served.Reset();
            await server.ExpectLinesAsync("ERROR");
        }

        // What the server sends now meets a closed socket, which answers with a reset behind the end of the file.
        using (var client = await server.ConnectAsync())
        {
            await client.SendAllAtOnceAsync(fileSize: 1000);
        }

        if (whileWaiting)
        {
            served.Reset();
        }

        await server.ExpectLinesAsync("ERROR", 1000);
        await server.TransferAsync(7);
        await server.StopAsync("ERROR", 1000, 7);
    }

    [Fact]
    public async Task Reset_AfterTheEndOfTheFile_DoesNotUndoTheEnd()
    {
        await using var server = await AccioServer.StartAsync();
        using var served = await server.ConnectServedAsync();
        using var client = await server.ConnectAsync();

        await client.SendAllAtOnceAsync(fileSize: 1000);
        client.Reset();
        served.Reset();

        await server.ExpectLinesAsync("ERROR", 1000);
        await server.StopAsync("ERROR", 1000);
    }
}
