using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace AccioKestrel.Tests.EndToEnd;

/// <summary>What the status page says, in a real browser, while real clients send.</summary>
public sealed class PageTests(Chromium browser) : IClassFixture<Chromium>
{
    private readonly List<string> _complaints = [];

    [Fact]
    public async Task Page_DuringATransfer_ShowsItGrow_AndAgreesWithStandardOutput()
    {
        var (server, status) = await Chromium.StartServerAsync("--idle-timeout 60");
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
            await Assertions.Expect(page.Locator("#current-exact")).ToHaveTextAsync(FormattableString.Invariant($"{sent}000000 bytes"));
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
        await Assertions.Expect(page.Locator("#total-exact")).ToHaveTextAsync("3000500 bytes");
        // The rows of results come up to a second after the totals.
        await Assertions.Expect(page.Locator("#results .outcome")).ToHaveCountAsync(3);
        var results = await page.Locator("#results .outcome").AllInnerTextsAsync();
        Assert.Equal(output, string.Concat(results.Reverse().Select(result => result + "\n")));
        Assert.Equal(1, await page.Locator("#chart canvas").CountAsync());
        Assert.Empty(_complaints);
    }

    [Fact]
    public async Task Page_OfAServerWithAFileOfResults_HasEarlierResults_AndSaysSinceWhen()
    {
        using var record = new RecordedResults();
        await File.WriteAllTextAsync(
            record.File,
            """{"connectionId":"0000002A","peer":"192.0.2.7:40222","startedAt":"2026-01-15T09:29:59Z","endedAt":"2026-01-15T09:30:00Z","durationSeconds":1,"outcome":"wrongByte","bytes":0,"step":"firstConfirmation","reason":"wrong byte: not this one"}""" + "\n",
            TestContext.Current.CancellationToken);
        var (server, status) = await Chromium.StartServerAsync(record.Option);
        await using var _ = server;
        using var __ = status;
        await server.TransferAsync(500);
        var page = await OpenAsync(status.Port);

        await Assertions.Expect(page.Locator("#totals-heading")).ToHaveTextAsync("Since 2026-01-15 09:29 UTC");
        await Assertions.Expect(page.Locator("#total-exchanges")).ToHaveTextAsync("2");
        await Assertions.Expect(page.Locator("#results .outcome")).ToHaveTextAsync(["500", "ERROR"]);
        await Assertions.Expect(page.Locator("#results .detail").Last).ToContainTextAsync("not this one");
        Assert.Empty(_complaints);
    }

    [Fact]
    public async Task Page_AfterARestartOfTheServer_IsLiveAgainWithTheNewNumbers()
    {
        var (first, status) = await Chromium.StartServerAsync();
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
        await Assertions.Expect(page.Locator("#notice")).ToHaveTextAsync(Like("Connection lost at [0-9:]{8} UTC; reconnecting."));
        await using var second = await AccioServer.StartAsync($"--status {status.Port}");
        await Assertions.Expect(page.Locator("#connection")).ToHaveTextAsync("Live");
        await Assertions.Expect(page.Locator("#total-exchanges")).ToHaveTextAsync("0");
        await second.TransferAsync(7);
        await page.Locator("#results tr[data-outcome='7']").WaitForAsync();
        // The browser itself complains of each connection that was refused.
        Assert.All(_complaints, complaint => Assert.Contains("ERR_", complaint, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Page_Paused_SaysSo_AndKeepsWhatItShowsUntilItIsResumed()
    {
        var (server, status) = await Chromium.StartServerAsync();
        await using var _ = server;
        using var __ = status;
        await server.TransferAsync(7);
        var page = await OpenAsync(status.Port);
        const string colour = "getComputedStyle(document.querySelector('.connection')).color";
        var live = await page.EvaluateAsync<string>(colour);

        await page.Locator("#pause").ClickAsync();
        await Assertions.Expect(page.Locator("#connection")).ToHaveTextAsync("Paused");
        Assert.NotEqual(live, await page.EvaluateAsync<string>(colour));
        Assert.True(await page.Locator(".when-paused").IsVisibleAsync());
        Assert.False(await page.Locator(".when-live").IsVisibleAsync());
        await Assertions.Expect(page).ToHaveTitleAsync("Paused – AccioKestrel");
        await Assertions.Expect(page.Locator("#notice")).ToHaveTextAsync(PausedAt("No exchange has ended since."));
        await server.TransferAsync(8);
        await Assertions.Expect(page.Locator("#notice")).ToHaveTextAsync(PausedAt("1 exchange has ended since."));
        await Assertions.Expect(page.Locator("#total-exchanges")).ToHaveTextAsync("1");
        // What a paused page shows can still be narrowed.
        await page.Locator("#only-errors").CheckAsync();
        await Assertions.Expect(page.Locator("#no-results")).ToHaveTextAsync("No error among the last 1 result.");
        await page.Locator("#only-errors").UncheckAsync();
        await Assertions.Expect(page.Locator("#results .outcome")).ToHaveTextAsync(["7"]);

        await page.Locator("#pause").ClickAsync();
        await Assertions.Expect(page.Locator("#connection")).ToHaveTextAsync("Live");
        Assert.Equal(live, await page.EvaluateAsync<string>(colour));
        await Assertions.Expect(page.Locator("#results .outcome")).ToHaveTextAsync(["8", "7"]);
        Assert.False(await page.Locator("#notice").IsVisibleAsync());

        // A lost connection is said on a paused page too.
        await page.Locator("#pause").ClickAsync();
        await server.StopAsync(7, 8);
        await Assertions.Expect(page.Locator("#connection")).ToHaveTextAsync("Reconnecting");
        await Assertions.Expect(page.Locator("#notice")).ToHaveTextAsync(PausedAt("Connection lost at [0-9:]+ UTC; reconnecting."));
    }

    [Fact]
    public async Task Page_StepByStep_MarksTheStepInProgressAndThoseThatAreDone()
    {
        var (server, status) = await Chromium.StartServerAsync("--idle-timeout 60");
        await using var _ = server;
        using var __ = status;
        var page = await OpenAsync(status.Port);

        using var client = await server.ConnectServedAsync();
        await ExpectStepAsync("waiting for confirm-accio", "confirm-accio", done: 1);
        await client.SendFirstConfirmationAsync();
        await ExpectStepAsync("waiting for confirm-accio-again", "confirm-accio-again", done: 3);
        await client.SendSecondConfirmationAsync();
        await client.SendAsync(new byte[1000]);
        await ExpectStepAsync("receiving the file", "file", done: 4);
        client.HalfClose();
        await Assertions.Expect(page.Locator("#results .outcome")).ToHaveTextAsync(["1000"]);

        async Task ExpectStepAsync(string words, string active, int done)
        {
            await Assertions.Expect(page.Locator("#current-step")).ToHaveTextAsync(words);
            await Assertions.Expect(page.Locator("#stepper .active")).ToHaveTextAsync([active]);
            await Assertions.Expect(page.Locator("#stepper .done")).ToHaveCountAsync(done);
        }
    }

    [Fact]
    public async Task Page_OfASilentClient_ShowsTheSilenceAgainstItsLimit()
    {
        // The page warns at half of the limit; the other half is what a busy machine has for the lines below.
        var (server, status) = await Chromium.StartServerAsync("--idle-timeout 40.5");
        await using var _ = server;
        using var __ = status;
        var page = await OpenAsync(status.Port);

        using var client = await server.ConnectServedAsync();
        await Assertions.Expect(page.Locator("#silence dd").First).ToHaveTextAsync(Like(@"[0-9]+\.[0-9] s of 40\.5 s"));
        await Assertions.Expect(page.Locator("#silence")).ToHaveClassAsync("alert");
        Assert.InRange(await page.EvaluateAsync<double>("document.getElementById('silence-gauge').offsetWidth / document.querySelector('.gauge').offsetWidth"), 0.45, 1);
        await client.SendAsync("c");
        await Assertions.Expect(page.Locator("#silence")).Not.ToHaveClassAsync("alert");
    }

    [Fact]
    public async Task Page_AfterFailures_ShowsEachAsTheLogHasIt_AndErrorsAlone()
    {
        var (server, status) = await Chromium.StartServerAsync("--idle-timeout 8 --max-file-size 3000");
        await using var _ = server;
        using var __ = status;
        var page = await OpenAsync(status.Port);
        foreach (var sent in (string[])["confirm-ACCIO", "confirm-accio\n", "GET / HTTP/1.1\r\n", Accio.Header + new string('x', 4000)])
        {
            using var wrong = await server.ConnectServedAsync();
            await wrong.SendAsync(sent);
            await Assertions.Expect(page.Locator("#results-table")).ToBeVisibleAsync();
        }

        using (var early = await server.ConnectServedAsync())
        {
            await early.SendAsync("confirm-");
            early.HalfClose();
            await early.WaitForCloseAsync();
        }

        using (var silent = await server.ConnectServedAsync())
        {
            await silent.WaitForResetAsync();
        }

        await server.TransferAsync(1000);
        await Assertions.Expect(page.Locator("#results tr")).ToHaveCountAsync(7);
        await Assertions.Expect(page.Locator("#announcer")).Not.ToBeEmptyAsync();
        var log = await server.Errors.WaitUntilAsync(text => text.Contains(": 1000 bytes", StringComparison.Ordinal));
        await page.Locator("#only-errors").CheckAsync();
        await Assertions.Expect(page.Locator("#results .outcome")).ToHaveTextAsync(Enumerable.Repeat("ERROR", 6));
        await Assertions.Expect(page.Locator("#announcer")).ToHaveTextAsync("6 of 6 errors shown.");

        var report = (await status.StatusAsync())["recent"]!.AsArray().Where(result => result!["failure"] is not null).ToList();
        for (var i = 0; i < report.Count; i++)
        {
            var row = page.Locator("#results tr").Nth(i);
            var (id, reason, bytes) = ((string)report[i]!["connectionId"]!, (string)report[i]!["reason"]!, (long)report[i]!["bytes"]!);
            await Assertions.Expect(row.Locator(".connection-id")).ToHaveTextAsync(id);
            await Assertions.Expect(row.Locator(".peer")).ToHaveTextAsync((string)report[i]!["peer"]!);
            await Assertions.Expect(row.Locator(".ended")).ToHaveTextAsync(
                ((DateTimeOffset)report[i]!["endedAt"]!).UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.fff", System.Globalization.CultureInfo.InvariantCulture));
            await Assertions.Expect(row.Locator(".detail")).ToHaveTextAsync(bytes == 0 ? reason : $"{reason}, after {bytes} file bytes");
            Assert.Contains(log.Split('\n'), line => line.Contains(id, StringComparison.Ordinal) && line.Contains(reason, StringComparison.Ordinal));
        }

        await page.Locator("#only-errors").UncheckAsync();
        await Assertions.Expect(page.Locator("#results tr")).ToHaveCountAsync(7);
        Assert.Empty(_complaints);
    }

    [Fact]
    public async Task Page_AskedForOtherRows_SaysSo_AndLetsNewsWaitUntilAScreenReaderHasSaidIt()
    {
        var (server, status) = await Chromium.StartServerAsync();
        await using var _ = server;
        using var __ = status;
        var page = await OpenAsync(status.Port);
        await server.TransferAsync(1);
        await Assertions.Expect(page.Locator("#announcer")).ToHaveTextAsync("An exchange ended: 1 byte.");
        var isHeardFor = page.EvaluateAsync<double>("""
            new Promise(resolve => {
              let since = null;
              new MutationObserver(() => {
                if (since !== null) {
                  resolve(performance.now() - since);
                } else if (!announcer.textContent.includes('ended')) {
                  since = performance.now();
                }
              }).observe(announcer, { childList: true, subtree: true });
            })
            """);

        // One result comes before the question and one behind it: news of both kinds wait.
        await server.TransferAsync(2);
        await Assertions.Expect(page.Locator("#results tr")).ToHaveCountAsync(2);
        await page.Locator("#only-errors").CheckAsync();
        await server.TransferAsync(3);
        Assert.InRange(await isHeardFor.WaitAsync(Patience.Limit), 7900, double.MaxValue);
    }

    [Fact]
    public async Task Page_WithAHundredResults_IsShortUntilTheReaderAsksForMore()
    {
        var (server, status) = await Chromium.StartServerAsync();
        await using var _ = server;
        using var __ = status;
        for (var size = 1; size <= 100; size++)
        {
            await server.TransferAsync(size);
        }

        var page = await OpenAsync(status.Port, new() { ViewportSize = new() { Width = 390, Height = 800 } });
        await ExpectRowsAsync(10, "Show 30 more");
        Assert.InRange(await page.EvaluateAsync<int>("document.documentElement.scrollHeight"), 800, 3500);
        await page.Locator("#more").ClickAsync();
        await ExpectRowsAsync(40, "Show 30 more");
        await Assertions.Expect(page.Locator("#announcer")).ToHaveTextAsync("40 of 100 results shown.");
        await page.Locator("#more").ClickAsync();
        await ExpectRowsAsync(70, "Show 30 more");
        // New results push out the oldest, whatever the reader has asked for.
        await server.TransferAsync(101);
        await Assertions.Expect(page.Locator("#results tr").First).ToHaveAttributeAsync("data-outcome", "101");
        await ExpectRowsAsync(70, "Show 30 more");
        await page.Locator("#more").ClickAsync();
        await ExpectRowsAsync(100, "Show fewer");
        await Assertions.Expect(page.Locator("#results .outcome")).ToHaveTextAsync(Enumerable.Range(2, 100).Reverse().Select(AccioServer.Number));
        await page.Locator("#more").ClickAsync();
        await ExpectRowsAsync(10, "Show 30 more");
        await page.Locator("#only-errors").CheckAsync();
        await Assertions.Expect(page.Locator("#no-results")).ToHaveTextAsync("No error among the last 100 results.");
        Assert.False(await page.Locator("#more").IsVisibleAsync());

        async Task ExpectRowsAsync(int count, string button)
        {
            await Assertions.Expect(page.Locator("#results tr")).ToHaveCountAsync(count);
            await Assertions.Expect(page.Locator("#more")).ToHaveTextAsync(button);
        }
    }

    [Theory]
    [InlineData(false, false, "nc")]
    [InlineData(true, false, "openssl")]
    [InlineData(true, true, "openssl")]
    public async Task Page_BeforeTheFirstClient_SaysWhatSendsAFile(bool isTls, bool hasClientCertificate, string program)
    {
        Needs.Installed(program);
        using var certificates = new TestCertificates();
        var (server, status) = await Chromium.StartServerAsync(
            (isTls ? certificates.ServerOptions : "") + (hasClientCertificate ? $" --tls-client-ca {certificates.Authority}" : ""));
        await using var _ = server;
        using var __ = status;
        var page = await OpenAsync(status.Port);
        await Assertions.Expect(page.Locator("#idle-note")).ToHaveTextAsync("No client has been served since the server started.");

        var command = await page.Locator("#command").InnerTextAsync();
        Assert.Contains($"| {program} ", command, StringComparison.Ordinal);
        Assert.Equal(!isTls, await page.Locator("#client-command").IsVisibleAsync());
        if (!isTls)
        {
            Assert.Equal($"dotnet run --project client -- 127.0.0.1 {server.Port} README.md", await page.Locator("#client-command").InnerTextAsync());
        }

        Assert.Equal(hasClientCertificate, command.EndsWith(" -cert client.pem -key client.key", StringComparison.Ordinal));
        if (hasClientCertificate)
        {
            command = command.Replace("-cert client.pem -key client.key", certificates.Client("client"), StringComparison.Ordinal);
        }

        // The shown command, as it stands but for the files of the client's certificate. OpenSSL ends with its input, and may do so before it has shown the answers.
        var answers = await ChildProcess.RunShellAsync(command);
        Assert.StartsWith(answers, "accio\r\naccio\r\n", StringComparison.Ordinal);
        await server.ExpectLinesAsync(5);
        await Assertions.Expect(page.Locator("#results .outcome")).ToHaveTextAsync(["5"]);
        await Assertions.Expect(page.Locator("#idle-note")).ToHaveTextAsync(Like("The last exchange ended .+: 5 bytes."));
        Assert.False(await page.Locator("#first-file").IsVisibleAsync());
        await Assertions.Expect(page.Locator("#announcer")).ToHaveTextAsync("An exchange ended: 5 bytes.");
    }

    [Fact]
    public async Task Page_Foot_LeadsToWhatProgramsRead()
    {
        var (server, status) = await Chromium.StartServerAsync();
        await using var _ = server;
        using var __ = status;
        var page = await OpenAsync(status.Port);
        var links = await page.Locator(".page-foot a").EvaluateAllAsync<string[]>("links => links.map(link => new URL(link.href).pathname)");
        Assert.Equal(["/api/status", "/openapi/v1.json", "/metrics", "/healthz/ready", "/healthz/live"], links);
        foreach (var link in links)
        {
            using var answer = await status.GetAsync(link);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }
    }

    [Fact]
    public async Task Page_WithNamesOfALaterServer_ShowsThemAsTheyAre()
    {
        var (server, status) = await Chromium.StartServerAsync("--idle-timeout 60");
        await using var _ = server;
        using var __ = status;
        using (var wrong = await server.ConnectServedAsync())
        {
            await wrong.SendAsync("x");
            await wrong.WaitForCloseAsync();
        }

        using var client = await server.ConnectServedAsync();
        var report = await status.WaitUntilAsync(report => report["current"] is not null && report["recent"]!.AsArray().Count == 1);
        report["current"]!["step"] = "laterStep";
        report["recent"]![0]!["failure"] = "laterFailure";
        report["recent"]![0]!["reason"] = null;
        report["totals"]!["errors"]!["laterFailure"] = JsonValue.Create(3);
        var page = await browser.OpenAsync(_complaints);
        await page.RouteAsync("**/api/events", route => route.FulfillAsync(new()
        {
            ContentType = "text/event-stream",
            Body = $"event: status\ndata: {report.ToJsonString()}\n\n",
        }));
        await page.GotoAsync($"http://127.0.0.1:{status.Port}/");

        await Assertions.Expect(page.Locator("#current-step")).ToHaveTextAsync("laterStep");
        await Assertions.Expect(page.Locator("#stepper .done, #stepper .active")).ToHaveCountAsync(0);
        await Assertions.Expect(page.Locator("#results .detail")).ToHaveTextAsync(["laterFailure"]);
        await Assertions.Expect(page.Locator(".reason").Last).ToHaveTextAsync("laterFailure3");
    }

    private static Regex PausedAt(string rest) => Like($"Paused at [0-9:]{{8}} UTC. {rest}");

    private static Regex Like(string pattern) => new($"^{pattern}$", RegexOptions.None, Patience.Limit);

    private Task<IPage> OpenAsync(int port, BrowserNewContextOptions? options = null) => browser.OpenStatusAsync(port, _complaints, options);
}
