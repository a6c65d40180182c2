using System.Globalization;
using Microsoft.Playwright;

namespace AccioKestrel.Tests.EndToEnd;

/// <summary>The status page in a real browser, while a real client sends.</summary>
public sealed class PageTests(Chromium browser) : IClassFixture<Chromium>
{
    private readonly List<string> _complaints = [];

    [Fact]
    public async Task Page_DuringATransfer_ShowsItGrow_AndAgreesWithStandardOutput()
    {
        var (server, status) = await StartAsync("--idle-timeout 2");
        await using var _ = server;
        using var __ = status;
        var page = await OpenAsync(status.Port);
        Assert.True(await page.Locator("#idle").IsVisibleAsync());

        using var client = await server.ConnectAsync();
        await client.ConfirmBothAsync();
        using var waiting = await server.ConnectAsync();
        var seen = new List<long>();
        for (var sent = 1; sent <= 3; sent++)
        {
            await client.SendAsync(new byte[1_000_000]);
            // What is on the page is what has been sent, while the transfer goes on.
            await page.Locator(FormattableString.Invariant($"#current-bytes[data-bytes='{sent}000000']")).WaitForAsync();
            seen.Add(sent);
        }

        Assert.Equal([1, 2, 3], seen);
        Assert.True(await page.Locator("#current").IsVisibleAsync());
        Assert.StartsWith("127.0.0.1:", await page.Locator("#current-peer").InnerTextAsync(), StringComparison.Ordinal);
        await Assertions.Expect(page.Locator("#waiting")).ToHaveTextAsync("1");
        client.HalfClose();
        await waiting.SendAsync("nonsense");
        await waiting.WaitForCloseAsync();
        await server.TransferAsync(500);

        var output = await server.Output.WaitUntilAsync(text => text.Count(c => c == '\n') == 3);
        await Assertions.Expect(page.Locator("#total-exchanges")).ToHaveTextAsync("3");
        await Assertions.Expect(page.Locator("#total-counted")).ToHaveTextAsync("2");
        await Assertions.Expect(page.Locator("#total-errors")).ToHaveTextAsync("1");
        await page.Locator("#total-bytes[data-bytes='3000500']").WaitForAsync();
        var results = await page.Locator("#results tr").EvaluateAllAsync<string[]>("rows => rows.map(row => row.dataset.outcome)");
        Assert.Equal(output, string.Concat(results.Reverse().Select(result => result + "\n")));
        Assert.Equal(1, await page.Locator("#chart canvas").CountAsync());
        Assert.Empty(_complaints);
    }

    [Fact]
    public async Task Page_AfterARestartOfTheServer_IsLiveAgainWithTheNewNumbers()
    {
        var (first, status) = await StartAsync();
        using var _ = status;
        IPage page;
        await using (first)
        {
            await first.TransferAsync(500);
            page = await OpenAsync(status.Port);
            await Assertions.Expect(page.Locator("#total-exchanges")).ToHaveTextAsync("1");
            await first.StopAsync(500);
        }

        await Assertions.Expect(page.Locator("#connection")).ToHaveTextAsync("Reconnecting");
        await using var second = await AccioServer.StartAsync($"--status {status.Port}");
        await Assertions.Expect(page.Locator("#connection")).ToHaveTextAsync("Live");
        await Assertions.Expect(page.Locator("#total-exchanges")).ToHaveTextAsync("0");
        await second.TransferAsync(7);
        await page.Locator("#results tr[data-outcome='7']").WaitForAsync();
        // The browser itself complains of each connection that was refused.
        Assert.All(_complaints, complaint => Assert.Contains("ERR_", complaint, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(ColorScheme.Light, 1280)]
    [InlineData(ColorScheme.Dark, 1280)]
    [InlineData(ColorScheme.Light, 320)]
    [InlineData(ColorScheme.Dark, 320)]
    public async Task Page_InEachSchemeAndWidth_FitsAndIsReadable(ColorScheme scheme, int width)
    {
        var (server, status) = await StartAsync();
        await using var _ = server;
        using var __ = status;
        await server.TransferAsync(123_456_789);
        var page = await OpenAsync(status.Port, new() { ColorScheme = scheme, ViewportSize = new() { Width = width, Height = 700 } });
        await page.Locator("#results tr[data-outcome='123456789']").WaitForAsync();

        Assert.False(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth > document.documentElement.clientWidth"));
        var colours = await page.EvaluateAsync<string[]>("[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]");
        Assert.Equal(scheme is ColorScheme.Dark, Brightness(colours[0]) > Brightness(colours[1]));
        // By keyboard: the first stop leads past the head of the page.
        await page.Keyboard.PressAsync("Tab");
        Assert.Equal("A", await page.EvaluateAsync<string>("document.activeElement.tagName"));
        Assert.Empty(_complaints);
    }

    /// <summary>What the README shows. <c>ACCIO_UPDATE=1 dotnet test</c> takes it anew.</summary>
    [Fact]
    public async Task Page_Screenshot_IsTheOneInTheReadme()
    {
        var (server, status) = await StartAsync();
        await using var _ = server;
        using var __ = status;
        foreach (var size in (int[])[500, 100_000, 20_000_000, 1234, 3_000_000])
        {
            await server.TransferAsync(size);
        }

        using (var wrong = await server.ConnectServedAsync())
        {
            await wrong.SendAsync("confirm-ACCIO");
            await wrong.WaitForCloseAsync();
        }

        var isTakenAnew = Environment.GetEnvironmentVariable("ACCIO_UPDATE") is "1";
        var page = await OpenAsync(status.Port);
        using var client = await server.ConnectAsync();
        await client.ConfirmBothAsync();
        using var second = await server.ConnectAsync();
        using var third = await server.ConnectAsync();
        // A transfer whose speed changes, so that the chart has something to show; minutes of it only for the picture.
        for (var i = 0; i < (isTakenAnew ? 2000 : 10); i++)
        {
            await client.SendAsync(new byte[(int)(30_000_000 * (1.1 + (Math.Sin(i / 90.0) * Math.Cos(i / 37.0))))]);
            await Task.Delay(TimeSpan.FromMilliseconds(100), TestContext.Current.CancellationToken);
        }

        await Assertions.Expect(page.Locator("#waiting")).ToHaveTextAsync("2");
        var picture = await page.ScreenshotAsync();
        if (isTakenAnew)
        {
            await File.WriteAllBytesAsync(Repository.PathOf("docs/status-page.png"), picture, TestContext.Current.CancellationToken);
        }

        // The same page, if not the same moment.
        var shown = await File.ReadAllBytesAsync(Repository.PathOf("docs/status-page.png"), TestContext.Current.CancellationToken);
        Assert.Equal(picture.AsSpan(0, 24), shown.AsSpan(0, 24));
        Assert.Contains("docs/status-page.png", await File.ReadAllTextAsync(Repository.PathOf("README.md"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    private static async Task<(AccioServer Server, StatusClient Status)> StartAsync(string options = "")
    {
        Assert.SkipUnless(Chromium.IsInstalled, "There is no /usr/bin/chromium.");
        return await StatusClient.StartAsync(options);
    }

    private static double Brightness(string rgb) =>
        rgb.Split('(', ',', ')').Skip(1).Take(3).Sum(part => double.Parse(part, CultureInfo.InvariantCulture));

    private async Task<IPage> OpenAsync(int port, BrowserNewContextOptions? options = null)
    {
        var page = await browser.OpenAsync(_complaints, options);
        await page.GotoAsync($"http://127.0.0.1:{port}/");
        await Assertions.Expect(page.Locator("#connection")).ToHaveTextAsync("Live");
        return page;
    }
}
