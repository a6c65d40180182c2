using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Microsoft.Playwright;

namespace AccioKestrel.Tests.EndToEnd;

/// <summary>What the status page looks like: that it fits, can be read and operated, and its pictures in the documents.</summary>
/// <remarks>The pictures are made by <c>ACCIO_UPDATE=1 dotnet test</c>.</remarks>
public sealed class PageLookTests(Chromium browser) : IClassFixture<Chromium>
{
    /// <summary>Texts and icons of the page whose contrast is below the limits of WCAG AA, 4.5 to 1 and for large texts 3 to 1.</summary>
    private const string FaintTexts = """
        () => {
          const rgb = colour => colour.match(/[\d.]+/g).map(Number);
          const light = colour => rgb(colour).slice(0, 3).map(part => part / 255)
            .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
            .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
          const ground = element => {
            const colour = getComputedStyle(element).backgroundColor;
            return (rgb(colour)[3] ?? 1) === 1 ? colour : ground(element.parentElement);
          };
          return [...document.querySelectorAll('body *')]
            .filter(element => element.checkVisibility({ checkVisibilityCSS: true }))
            .filter(element => [...element.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.data.trim() !== ''))
            .map(element => {
              const style = getComputedStyle(element);
              const [dark, bright] = [light(style.color), light(ground(element))].sort((a, b) => a - b);
              const isLarge = parseFloat(style.fontSize) >= 24 || parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700;
              return { text: element.textContent.trim(), ratio: (bright + 0.05) / (dark + 0.05), least: isLarge ? 3 : 4.5 };
            })
            .filter(({ ratio, least }) => ratio < least)
            .map(({ text, ratio }) => `${ratio.toFixed(2)} ${text}`);
        }
        """;

    /// <summary>What can be pressed and is smaller than a fingertip.</summary>
    private const string SmallTargets = """
        () => [...document.querySelectorAll('a:not(.skip), button, label')]
          .filter(element => element.checkVisibility())
          .map(element => [element.textContent.trim(), element.getBoundingClientRect()])
          .filter(([, { width, height }]) => width < 44 || height < 44)
          .map(([text, { width, height }]) => `${text}: ${width} x ${height}`)
        """;

    private readonly List<string> _complaints = [];

    public static TheoryData<ColorScheme, int> Looks => new MatrixTheoryData<ColorScheme, int>([ColorScheme.Light, ColorScheme.Dark], [1280, 800, 390, 320]);

    [Theory]
    [MemberData(nameof(Looks))]
    public async Task Page_InEachSchemeAndWidth_FitsAndIsReadable(ColorScheme scheme, int width)
    {
        var (server, status) = await Chromium.StartServerAsync("--idle-timeout 60");
        await using var _ = server;
        using var __ = status;
        var page = await OpenAsync(status.Port, new() { ColorScheme = scheme, HasTouch = width < 500, ViewportSize = new() { Width = width, Height = 700 } });
        await Assertions.Expect(page.Locator("#first-file")).ToBeVisibleAsync();
        await ExpectGoodLookAsync();
        var colours = await page.EvaluateAsync<string[]>("[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]");
        Assert.Equal(scheme is ColorScheme.Dark, Brightness(colours[0]) > Brightness(colours[1]));

        using (var wrong = await server.ConnectServedAsync())
        {
            await wrong.SendAsync("GET / HTTP/1.1\r\n\r\n");
            await wrong.WaitForCloseAsync();
        }

        for (var i = 0; i < 9; i++)
        {
            await server.TransferAsync(1_234_567 >> (2 * i));
        }

        using (var large = await server.ConnectAsync())
        {
            await large.ConfirmBothAsync();
            await large.SendAsync(new byte[123_456_789]);
            large.HalfClose();
            await large.WaitForCloseAsync();
        }

        using var client = await server.ConnectAsync();
        await client.ConfirmBothAsync();
        await page.Locator("#current").WaitForAsync();
        await page.Locator("#more").ClickAsync();
        await Assertions.Expect(page.Locator("#results tr")).ToHaveCountAsync(11);
        await ExpectGoodLookAsync();
        await page.Locator("#pause").ClickAsync();
        await Assertions.Expect(page.Locator("#notice")).ToBeVisibleAsync();
        await ExpectGoodLookAsync();
        Assert.Empty(_complaints);

        await page.Locator("#pause").ClickAsync();
        await server.KillAsync();
        await Assertions.Expect(page.Locator("#connection")).ToHaveTextAsync("Reconnecting");
        await ExpectGoodLookAsync();

        async Task ExpectGoodLookAsync()
        {
            Assert.False(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth > document.documentElement.clientWidth"));
            Assert.Empty(await page.EvaluateAsync<string[]>(FaintTexts));
            if (width < 500)
            {
                Assert.Empty(await page.EvaluateAsync<string[]>(SmallTargets));
            }
        }
    }

    [Fact]
    public async Task Page_ByKeyboard_ShowsWhereTheReaderIs()
    {
        var (server, status) = await Chromium.StartServerAsync();
        await using var _ = server;
        using var __ = status;
        for (var i = 0; i < 11; i++)
        {
            await server.TransferAsync(i);
        }

        var page = await OpenAsync(status.Port);
        await Assertions.Expect(page.Locator("#more")).ToBeVisibleAsync();
        var stops = new List<string>();
        do
        {
            await page.Keyboard.PressAsync("Tab");
            stops.Add(await page.EvaluateAsync<string>("document.activeElement.textContent || document.activeElement.id"));
            Assert.Equal("solid 3px", await page.EvaluateAsync<string>(
                "getComputedStyle(document.activeElement).outlineStyle + ' ' + getComputedStyle(document.activeElement).outlineWidth"));
        }
        while (stops[^1] is not "Health: live");

        Assert.Equal(
            ["Skip to the content", "Pause", "only-errors", "Show 1 more", "Status as JSON", "API description (OpenAPI)", "Metrics (Prometheus)", "Health: ready", "Health: live"],
            stops);
        // What is pressed keeps the focus, whatever it says then.
        await page.Locator("#more").FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator("#more")).ToHaveTextAsync("Show fewer");
        await Assertions.Expect(page.Locator("#more")).ToBeFocusedAsync();
    }

    [Theory]
    [InlineData(ReducedMotion.NoPreference, true)]
    [InlineData(ReducedMotion.Reduce, false)]
    public async Task Page_ForAReaderWhoWantsNoMotion_StandsStill(ReducedMotion preference, bool moves)
    {
        var (server, status) = await Chromium.StartServerAsync("--idle-timeout 60");
        await using var _ = server;
        using var __ = status;
        var page = await OpenAsync(status.Port, new() { ReducedMotion = preference });
        using var client = await server.ConnectServedAsync();
        await page.Locator("#current").WaitForAsync();
        Assert.Equal(moves, await page.EvaluateAsync<bool>("document.getAnimations().length > 0"));
        await Assertions.Expect(page.Locator("#silence-limit")).ToHaveTextAsync("of 1 min");
        // A mark that moves on a paused page would look live.
        await page.Locator("#pause").ClickAsync();
        await Assertions.Expect(page.Locator("#connection")).ToHaveTextAsync("Paused");
        Assert.False(await page.EvaluateAsync<bool>("document.getAnimations().length > 0"));
        await server.KillAsync();
        await Assertions.Expect(page.Locator("#connection")).ToHaveTextAsync("Reconnecting");
        Assert.Equal(moves, await page.EvaluateAsync<bool>("document.getAnimations().length > 0"));
    }

    [Fact]
    public async Task Picture_OfATransfer_IsTheOneInTheReadme()
    {
        // The picture shows the port of the README's commands.
        var (server, status) = IsUpdate
            ? (await AccioServer.AttachAsync(new ChildProcess(AccioServer.Binary, ["5000", "--status", "8080"]), 5000), new StatusClient(8080))
            : await Chromium.StartServerAsync();
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

        var page = await OpenAsync(status.Port);
        using var client = await server.ConnectAsync();
        await client.ConfirmBothAsync();
        using var second = await server.ConnectAsync();
        using var third = await server.ConnectAsync();
        // A transfer whose speed changes, so that the chart has something to show; minutes of it only for the picture.
        for (var i = 0; i < (IsUpdate ? 2000 : 10); i++)
        {
            await client.SendAsync(new byte[(int)(30_000_000 * (1.1 + (Math.Sin(i / 90.0) * Math.Cos(i / 37.0))))]);
            await Task.Delay(TimeSpan.FromMilliseconds(100), TestContext.Current.CancellationToken);
        }

        await Assertions.Expect(page.Locator("#waiting")).ToHaveTextAsync("2");
        await ExpectInReadmeAsync("docs/status-page.png", await page.ScreenshotAsync());
    }

    /// <summary>
    /// Each failure once, but for a defect of the server. The exchanges are made up, for no server has all of them within seconds, and none is left to show that
    /// it was stopped; how they are told is the program's.
    /// </summary>
    [Fact]
    public async Task Picture_OfAllFailures_IsTheOneInTheReadme()
    {
        Needs.Installed(Chromium.Program);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var (accioPort, httpPort) = (AccioServer.FreePort(), AccioServer.FreePort());
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.ListenAccio(accioPort);
            kestrel.Listen(IPAddress.Loopback, httpPort);
        });
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 1, 15, 9, 30, 0, TimeSpan.Zero));
        builder.Services.AddSingleton(new ExchangeHistory(time));
        builder.Services.AddAccio();
        builder.Services.AddAccioStatus();
        await using var app = builder.Build();
        app.MapAccioStatus();
        await app.StartAsync(TestContext.Current.CancellationToken);
        var history = app.Services.GetRequiredService<ExchangeHistory>();
        var ended = 0;
        End(ExchangeStep.File, 3_000_000, null, 0.024);
        End(ExchangeStep.File, 1_048_577, ExchangeFailure.TooLarge, 0.011);
        End(ExchangeStep.File, 3_600_000, ExchangeFailure.TooLong, 3600);
        End(ExchangeStep.SecondConfirmation, 0, ExchangeFailure.HandshakeTimeout, 30.2);
        End(ExchangeStep.File, 41, ExchangeFailure.TooSlow, 5.1);
        End(ExchangeStep.File, 262_144, ExchangeFailure.Reset, 1.37);
        End(ExchangeStep.SecondConfirmation, 0, ExchangeFailure.EndedEarly, 0.004, "confirm-accio-again\r\n");
        End(ExchangeStep.FirstConfirmation, 0, ExchangeFailure.WrongByte, 0.002, "confirm-accio\n");
        End(ExchangeStep.FirstConfirmation, 0, ExchangeFailure.IdleTimeout, 10.2);
        End(ExchangeStep.File, 87_040, ExchangeFailure.ServerStopped, 12.4);

        var page = await OpenAsync(httpPort, new() { ColorScheme = ColorScheme.Dark, ViewportSize = new() { Width = 1280, Height = 700 } });
        await page.Locator("#only-errors").CheckAsync();
        var words = await page.Locator("#results .detail").AllInnerTextsAsync();
        Assert.Equal(
            Enum.GetValues<ExchangeFailure>().Where(failure => failure is not ExchangeFailure.Defect).Select(ExchangeWords.Of).Order(StringComparer.Ordinal),
            words.Select(reason => reason.Split(':')[0].ToLowerInvariant()).Order(StringComparer.Ordinal));
        await ExpectInReadmeAsync("docs/status-page-errors.png", await page.Locator(".recent").ScreenshotAsync());

        void End(ExchangeStep step, long bytes, ExchangeFailure? failure, double seconds, string received = "")
        {
            // A while in which no client came.
            time.Advance(TimeSpan.FromSeconds(7.613));
            var record = new ActiveExchange((++ended).ToString("X8", CultureInfo.InvariantCulture), new IPEndPoint(new IPAddress([192, 0, 2, 7]), 40_220 + (2 * ended)), time) { Step = step };
            var expected = step is ExchangeStep.FirstConfirmation ? Accio.FirstConfirmation : Accio.SecondConfirmation;
            record.Confirmed = received.Zip(expected).TakeWhile(pair => pair.First == pair.Second).Count();
            if (failure is ExchangeFailure.WrongByte)
            {
                record.WrongByte = WrongByte.Find(step, 0, new(Accio.Bytes(received)), Accio.Bytes(expected));
            }

            time.Advance(TimeSpan.FromSeconds(seconds));
            history.End(record.End(failure) with { Bytes = bytes });
        }
    }

    private static bool IsUpdate => Environment.GetEnvironmentVariable("ACCIO_UPDATE") is "1";

    private static double Brightness(string rgb) =>
        rgb.Split('(', ',', ')').Skip(1).Take(3).Sum(part => double.Parse(part, CultureInfo.InvariantCulture));

    /// <summary>
    /// The picture in the documents has the width and about the height of this one: the same page at another moment. Each machine has
    /// other fonts, which are up to a tenth taller.
    /// </summary>
    private static async Task ExpectInReadmeAsync(string path, byte[] picture)
    {
        if (IsUpdate)
        {
            await File.WriteAllBytesAsync(Repository.PathOf(path), picture, TestContext.Current.CancellationToken);
        }

        var shown = await File.ReadAllBytesAsync(Repository.PathOf(path), TestContext.Current.CancellationToken);
        // A PNG file's signature, and the width in its header; the height is behind them.
        Assert.Equal(picture.AsSpan(0, 20), shown.AsSpan(0, 20));
        var height = BinaryPrimitives.ReadInt32BigEndian(picture.AsSpan(20));
        Assert.InRange(BinaryPrimitives.ReadInt32BigEndian(shown.AsSpan(20)), height * 9 / 10, height * 11 / 10);
        Assert.Contains(path, await File.ReadAllTextAsync(Repository.PathOf("README.md"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    private Task<IPage> OpenAsync(int port, BrowserNewContextOptions? options = null) => browser.OpenStatusAsync(port, _complaints, options);
}
