namespace AccioKestrel.Tests.EndToEnd;

/// <summary>The limits against a client that holds the only turn, in the real program: ERROR, a reset, the reason, its own count, and the next client's turn.</summary>
public sealed class LimitTests
{
    [Theory]
    [InlineData("--min-data-rate 1000 --min-data-rate-grace-period 2", "file too slow", "too_slow", 10)]
    [InlineData("--max-exchange-duration 3", "exchange too long", "too_long", 10)]
    [InlineData("--max-file-size 9", "file too large", "too_large", 10)]
    [InlineData("--handshake-timeout 3", "handshake too slow", "handshake_timeout", null)]
    public async Task Limit_Exceeded_EndsTheExchangeByItsName(string options, string reason, string outcome, int? fileBytes)
    {
        var (server, status) = await StatusClient.StartAsync(options);
        await using var _ = server;
        using var __ = status;

        using var client = await server.ConnectAsync();
        if (fileBytes is { } count)
        {
            await client.ConfirmBothAsync();
            await client.SendAsync(new byte[count]);
        }
        else
        {
            await client.ExpectCommandAsync();
            await client.SendAsync("confirm");
        }

        await client.WaitForResetAsync();
        await server.TransferAsync(5);
        await server.Errors.WaitUntilAsync(text => text.Contains($", {reason}: ", StringComparison.Ordinal));
        await status.WaitUntilAsync(report => (long)report["totals"]!["exchanges"]! == 2);
        Assert.Contains($"accio_outcome=\"{outcome}\"}} 1\n", await status.TextAsync("/metrics"), StringComparison.Ordinal);
        await server.StopAsync("ERROR", 5);
    }

    [Fact]
    public async Task MinDataRate_OfAFastTransfer_IsNoLimit()
    {
        await using var server = await AccioServer.StartAsync("--min-data-rate 1000000 --min-data-rate-grace-period 1.1 --max-exchange-duration 60 --handshake-timeout 60");
        using var client = await server.ConnectAsync();
        await client.ConfirmBothAsync();
        var block = new byte[1_000_000];
        for (var i = 0; i < 15; i++)
        {
            await client.SendAsync(block);
            await client.SendAsync(block);
            await Task.Delay(TimeSpan.FromMilliseconds(100), TestContext.Current.CancellationToken);
        }

        client.HalfClose();
        Assert.Empty(await client.WaitForCloseAsync());
        await server.StopAsync(30_000_000);
    }
}
