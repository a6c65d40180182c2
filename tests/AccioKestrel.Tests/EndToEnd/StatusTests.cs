using System.Net;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace AccioKestrel.Tests.EndToEnd;

/// <summary>What the status endpoint says, against what really happens.</summary>
public sealed class StatusTests
{
    [Fact]
    public async Task Status_Idle_SaysWhereItListensAndThatNoClientIsServed()
    {
        var (server, status) = await StatusClient.StartAsync();
        await using var _ = server;
        using var __ = status;

        var report = await status.StatusAsync();
        Assert.Null(report["current"]);
        Assert.Equal(0, (int)report["waiting"]!);
        Assert.Equal($"0.0.0.0:{server.Port}", (string)report["endPoints"]![0]!);
        Assert.Equal(0, (long)report["totals"]!["exchanges"]!);
        Assert.Empty(report["recent"]!.AsArray());
        Assert.Equal("0.1.0", (string)report["version"]!);
        Assert.False((bool)report["tls"]!);
        await server.StopAsync();
    }

    [Fact]
    public async Task Status_DuringATransfer_ShowsItAndWhoWaits()
    {
        const int size = 1_000_000;
        var (server, status) = await StatusClient.StartAsync();
        await using var _ = server;
        using var __ = status;

        using var client = await server.ConnectAsync();
        await status.WaitUntilAsync(report => report["current"] is { } current && (string?)current["step"] is "firstConfirmation");
        await client.ConfirmBothAsync();
        await client.SendAsync(Accio.FileOf(size));
        using var second = await server.ConnectAsync();
        using var third = await server.ConnectAsync();

        var report = await status.WaitUntilAsync(report => (long)report["current"]!["bytes"]! == size && (int)report["waiting"]! == 2);
        Assert.Equal("file", (string)report["current"]!["step"]!);
        Assert.StartsWith("127.0.0.1:", (string)report["current"]!["peer"]!, StringComparison.Ordinal);
        Assert.Equal(size, (long)report["totals"]!["receivedBytes"]!);
        Assert.True((double)report["current"]!["elapsedSeconds"]! > 0);
        Assert.Equal(10, (double)report["current"]!["silenceLimitSeconds"]!);

        // The bytes came in within some sample of the rate.
        report = await status.WaitUntilAsync(report => report["rates"]!["bytesPerSecond"]!.AsArray().Any(rate => (double)rate! > 0));
        Assert.Equal(0.5, (double)report["rates"]!["intervalSeconds"]!);

        client.HalfClose();
        report = await status.WaitUntilAsync(report => (long)report["totals"]!["exchanges"]! == 1);
        Assert.Equal(size, (long)report["totals"]!["receivedBytes"]!);
        Assert.Equal(size, (long)report["recent"]![0]!["bytes"]!);
        Assert.Null(report["recent"]![0]!["failure"]);
    }

    [Fact]
    public async Task Status_AfterEachKindOfEnd_CountsItByItsReason()
    {
        var (server, status) = await StatusClient.StartAsync("--idle-timeout 3");
        await using var _ = server;
        using var __ = status;

        await server.TransferAsync(7);
        using (var wrong = await server.ConnectServedAsync())
        {
            await wrong.SendAsync("hello");
            await wrong.WaitForCloseAsync();
        }

        using (var early = await server.ConnectServedAsync())
        {
            early.HalfClose();
            await early.WaitForCloseAsync();
        }

        using (var silent = await server.ConnectServedAsync())
        {
            await silent.WaitForResetAsync();
        }

        using (var broken = await server.ConnectServedAsync())
        {
            broken.Reset();
        }

        var report = await status.WaitUntilAsync(report => (long)report["totals"]!["exchanges"]! == 5);
        Assert.Equal(1, (long)report["totals"]!["counted"]!);
        Assert.Equal(
            """{"idleTimeout":1,"wrongByte":1,"endedEarly":1,"reset":1,"serverStopped":0,"tooSlow":0,"handshakeTimeout":0,"tooLong":0,"tooLarge":0,"defect":0}""",
            report["totals"]!["errors"]!.ToJsonString());
        Assert.Equal(
            ["reset", "idleTimeout", "endedEarly", "wrongByte", null],
            report["recent"]!.AsArray().Select(result => (string?)result!["failure"]));
        Assert.Equal(
            [
                "connection reset: waiting for confirm-accio",
                "silent too long: no byte for 0.N s, waiting for confirm-accio (a client that waits for both commands needs a lenient server)",
                "ended early: the client ended without a byte; a client that gives up while it waits for its turn does so too",
                "wrong byte: byte 1 of confirm-accio is 'h', expected 'c' (an exchange begins with confirm-accio; the file comes after both confirmations)",
                null,
            ],
            report["recent"]!.AsArray().Select(result => (string?)result!["reason"] is { } reason ? Regex.Replace(reason, @"[0-9]+\.[0-9]", "0.N", RegexOptions.None, Patience.Limit) : null));
        await server.StopAsync(7, "ERROR", "ERROR", "ERROR", "ERROR");
    }

    [Fact]
    public async Task Status_AfterMoreThanAHundredExchanges_HoldsTheLastHundredAndCountsAll()
    {
        const int count = 130;
        var (server, status) = await StatusClient.StartAsync();
        await using var _ = server;
        using var __ = status;
        for (var size = 0; size < count; size++)
        {
            await server.TransferAsync(size);
        }

        var report = await status.WaitUntilAsync(report => (long)report["totals"]!["exchanges"]! == count);
        Assert.Equal(
            Enumerable.Range(count - 100, 100).Reverse(),
            report["recent"]!.AsArray().Select(result => (int)result!["bytes"]!));
        Assert.Equal(Enumerable.Range(0, count).Sum(), (long)report["totals"]!["receivedBytes"]!);
    }

    [Fact]
    public async Task Events_TellOfProgressAndResults_AndEndWithTheServer()
    {
        var (server, status) = await StatusClient.StartAsync("--shutdown-grace 3600");
        await using var _ = server;
        using var __ = status;
        await server.TransferAsync(3);

        await using var stream = await status.StreamAsync("/api/events");
        await using var events = SseParser.Create(stream).EnumerateAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        var first = await NextAsync(events);
        Assert.Equal(3, (long)first["recent"]![0]!["bytes"]!);
        Assert.Null((await NextAsync(events))["recent"]);

        using var client = await server.ConnectAsync();
        await client.ConfirmBothAsync();
        await client.SendAsync(new byte[1000]);
        await UntilAsync(events, report => report["current"] is { } current && (long)current["bytes"]! == 1000);
        client.HalfClose();
        var last = await UntilAsync(events, report => report["recent"] is not null);
        Assert.Equal([1000, 3], last["recent"]!.AsArray().Select(result => (long)result!["bytes"]!));

        // An open stream does not hold up the end: for its whole grace the test would not wait.
        await server.StopAsync(3, 1000);
        while (await events.MoveNextAsync().OrGiveUp())
        {
        }
    }

    [Fact]
    public async Task Page_IsServedWithAStrictPolicy_AndNotAgainWhenUnchanged()
    {
        var (server, status) = await StatusClient.StartAsync();
        await using var _ = server;
        using var __ = status;

        foreach (var path in (string[])["/", "/status.css", "/status.js", "/icon.svg"])
        {
            using var answer = await status.GetAsync(path);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.StartsWith("default-src 'none'; script-src 'self'; style-src 'self'; ", answer.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
            Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());

            using var again = new HttpRequestMessage(HttpMethod.Get, path);
            again.Headers.IfNoneMatch.Add(EntityTagHeaderValue.Parse(answer.Headers.ETag!.ToString()));
            using var unchanged = await status.SendAsync(again);
            Assert.Equal(HttpStatusCode.NotModified, unchanged.StatusCode);
        }
    }

    [Theory]
    [InlineData("localhost", HttpStatusCode.OK)]
    [InlineData("127.0.0.1", HttpStatusCode.OK)]
    [InlineData("[::1]", HttpStatusCode.OK)]
    [InlineData("accio.example", HttpStatusCode.OK)]
    [InlineData("ACCIO.example:8080", HttpStatusCode.OK)]
    [InlineData("elsewhere.example", HttpStatusCode.BadRequest)]
    [InlineData("127.0.0.1.elsewhere.example", HttpStatusCode.BadRequest)]
    public async Task Status_OfAnUnknownHost_IsRefused(string host, HttpStatusCode expected)
    {
        var (server, status) = await StatusClient.StartAsync("--status-host accio.example --status-host other.example");
        await using var _ = server;
        using var __ = status;
        foreach (var path in (string[])["/", "/api/status", "/metrics", "/healthz/ready"])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.Host = host;
            using var answer = await status.SendAsync(request);
            Assert.Equal(expected, answer.StatusCode);
        }
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    public async Task Status_ChangesNothing(string method)
    {
        var (server, status) = await StatusClient.StartAsync();
        await using var _ = server;
        using var __ = status;
        foreach (var path in (string[])["/", "/api/status", "/api/events"])
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), path);
            using var answer = await status.SendAsync(request);
            Assert.Equal(HttpStatusCode.MethodNotAllowed, answer.StatusCode);
        }
    }

    [Fact]
    public async Task OpenApi_DescribesTheStatus()
    {
        var (server, status) = await StatusClient.StartAsync();
        await using var _ = server;
        using var __ = status;

        var document = JsonNode.Parse(await status.TextAsync("/openapi/v1.json"))!;
        var described = document["components"]!["schemas"]!["StatusReport"]!["properties"]!.AsObject().Select(property => property.Key);
        Assert.Equal((await status.StatusAsync()).AsObject().Select(property => property.Key), described);
        Assert.NotNull(document["paths"]!["/api/status"]!["get"]!["responses"]!["200"]!["content"]!["application/json"]);
    }

    [Fact]
    public async Task Health_IsLiveAndReady()
    {
        var (server, status) = await StatusClient.StartAsync();
        await using var _ = server;
        using var __ = status;

        Assert.Equal("Healthy", await status.TextAsync("/healthz/live"));
        Assert.Equal("Healthy", await status.TextAsync("/healthz/ready"));
    }

    [Fact]
    public async Task StatusAddress_InUse_IsExplained()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        socket.Listen();
        var taken = socket.LocalEndPoint!.ToString()!;

        await using var command = new ChildProcess(AccioServer.Binary, [AccioServer.Number(AccioServer.FreePort()), "--status", taken]);
        Assert.Equal(1, await command.ExitAsync());
        Assert.Contains($"ERROR: --status {taken} is in use", command.Errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task StatusAddress_NotOfThisMachine_IsExplained()
    {
        await using var command = new ChildProcess(AccioServer.Binary, [AccioServer.Number(AccioServer.FreePort()), "--status", "192.0.2.1:8080"]);
        Assert.Equal(1, await command.ExitAsync());
        Assert.Contains("ERROR: --status 192.0.2.1:8080: this machine does not have that address", command.Errors.ToString(), StringComparison.Ordinal);
    }

    private static async Task<JsonNode> NextAsync(IAsyncEnumerator<SseItem<string>> events)
    {
        Assert.True(await events.MoveNextAsync().OrGiveUp());
        Assert.Equal("status", events.Current.EventType);
        return JsonNode.Parse(events.Current.Data)!;
    }

    private static async Task<JsonNode> UntilAsync(IAsyncEnumerator<SseItem<string>> events, Predicate<JsonNode> wanted)
    {
        while (true)
        {
            if (await NextAsync(events) is var report && wanted(report))
            {
                return report;
            }
        }
    }
}
