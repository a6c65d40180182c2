using System.Diagnostics;
using static AccioKestrel.Testing.Accio;

namespace AccioKestrel.Tests.EndToEnd;

/// <summary>What <c>--lenient</c> changes, and that it changes nothing else.</summary>
public sealed class LenientTests
{
    private const string WithoutEmptyLine = FirstConfirmation + "confirm-accio-again\r\n";

    /// <summary>What follows a second confirmation that may lack its empty line, in pieces, and the size of the file it is.</summary>
    public static TheoryData<string[], int> Followers => new()
    {
        { [], 0 },
        { ["\r"], 1 },
        { ["\r\n"], 0 },
        { ["\r", "\n"], 0 },
        { ["\rX"], 2 },
        { ["\r", "X"], 2 },
        { ["X"], 1 },
        { ["\n"], 1 },
        { ["XY"], 2 },
        { ["X", "\r", "\n"], 3 },
        { ["\r\r\n"], 3 },
        { ["\r\n\r\n"], 2 },
        { ["\r", "\n", "\r", "\n"], 2 },
        { ["\r\nabc"], 3 },
        { ["abc\r\n\r\n"], 7 },
    };

    [Fact]
    public async Task DeferredClient_IsServedAfterTwoSeconds()
    {
        await using var server = await AccioServer.StartAsync("--lenient");
        var clock = Stopwatch.StartNew();
        using var client = await server.ConnectServedAsync();

        // How late at the most is what LenientExchangeTests see with fake time.
        await client.ExpectCommandAsync();
        Assert.InRange(clock.Elapsed.TotalSeconds, 2, double.MaxValue);
        Assert.Equal(2, client.SegmentsReceived);

        await client.SendAllAtOnceAsync(fileSize: 1000);
        Assert.Empty(await client.WaitForCloseAsync());
        await server.StopAsync(1000);
    }

    [Fact]
    public async Task DeferredClient_ThatStaysSilent_IsAnErrorInTime()
    {
        await using var server = await AccioServer.StartAsync("--lenient --idle-timeout 6");
        var clock = Stopwatch.StartNew();
        using var client = await server.ConnectServedAsync();
        await client.ExpectCommandAsync();

        await client.WaitForResetAsync();

        Assert.InRange(clock.Elapsed.TotalSeconds, 6, double.MaxValue);
        await server.StopAsync("ERROR");
    }

    [Fact]
    public async Task SlowClient_ThatHasBegunItsConfirmation_GetsNoCommandUnasked()
    {
        await using var server = await AccioServer.StartAsync("--lenient");
        using var client = await server.ConnectServedAsync();

        await client.SendAsync(FirstConfirmation[..1]);
        await client.ExpectSilenceAsync(seconds: 2.5);

        await client.SendAsync(FirstConfirmation[1..]);
        await client.ExpectCommandAsync();
        await client.SendSecondConfirmationAsync();
        client.HalfClose();
        Assert.Empty(await client.WaitForCloseAsync());
        await server.StopAsync(0);
    }

    [Theory]
    [MemberData(nameof(Followers))]
    public async Task EmptyLine_Absent_IsDecidedByTheNextTwoBytes(string[] pieces, int size)
    {
        await using var server = await AccioServer.StartAsync("--lenient");
        using var client = await server.ConnectAsync();

        await client.SendPiecesAsync([WithoutEmptyLine, .. pieces]);
        client.HalfClose();
        await client.WaitForCloseAsync();

        using (var atOnce = await server.ConnectAsync())
        {
            await atOnce.SendAsync(WithoutEmptyLine + string.Concat(pieces));
            atOnce.HalfClose();
            await atOnce.WaitForCloseAsync();
        }

        await server.StopAsync(size, size);
    }

    [Fact]
    public async Task ConformingClient_SeesNoDifference()
    {
        await using var server = await AccioServer.StartAsync("--lenient");
        using var client = await server.ConnectServedAsync();
        await client.ExpectSilenceAsync();
        await client.SendFirstConfirmationAsync();
        await client.ExpectCommandAsync();
        await client.SendAsync(SecondConfirmation + "\r\n");
        client.HalfClose();
        Assert.Empty(await client.WaitForCloseAsync());
        await server.TransferAsync(100_000);
        await server.StopAsync(2, 100_000);
    }

    [Fact]
    public async Task NonConformingClient_IsStillAnError()
    {
        await using var server = await AccioServer.StartAsync("--lenient");
        foreach (var stream in new[] { "x", "confirm-accio\n", FirstConfirmation + "confirm-accio\r", "confirm-accio-again\r\n" })
        {
            using var client = await server.ConnectServedAsync();
            await client.SendAsync(stream);
            await client.WaitForCloseAsync();
        }

        await server.StopAsync("ERROR", "ERROR", "ERROR", "ERROR");
    }

    [Fact]
    public async Task StrictServer_RejectsBoth()
    {
        await using var server = await AccioServer.StartAsync();
        using (var deferred = await server.ConnectServedAsync())
        {
            await deferred.ExpectSilenceAsync(seconds: 2.3);
            deferred.HalfClose();
            Assert.Empty(await deferred.WaitForCloseAsync());
        }

        using var withoutEmptyLine = await server.ConnectAsync();
        await withoutEmptyLine.SendAsync(WithoutEmptyLine + "\rX");
        await withoutEmptyLine.WaitForCloseAsync();
        await server.StopAsync("ERROR", "ERROR");
    }
}
