using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace AccioKestrel.Tests.EndToEnd;

/// <summary>Whatever is done to the status address, the Accio port does not notice, the operator gets in, and every stop ends.</summary>
public sealed class StatusAttackTests
{
    // Of docs/OPERATIONS.md; the runtime of the ordinary build needs as much again.
    private static readonly int s_memoryMebibytes = AccioServer.IsBuiltWithTheTests ? 128 : 64;

    /// <summary>The ordinary runtime keeps two descriptors for each assembly.</summary>
    private static readonly int s_runtimeDescriptors = AccioServer.IsBuiltWithTheTests ? 256 : 0;

    /// <summary>What waits for any of the attacks takes five seconds at the least. To this is added what a busy machine takes: see the controls.</summary>
    private static readonly TimeSpan s_wellBelowAnyWait = TimeSpan.FromSeconds(3);

    [Theory]
    [InlineData(HttpAttack.MegabyteBehind)]
    [InlineData(HttpAttack.HalfHeader, HttpAttack.HalfBody, HttpAttack.NoReading, HttpAttack.StuckViewer, HttpAttack.MegabyteBehind)]
    public async Task Attack_ByAThousand_LeavesMemoryToTheExchange(params HttpAttack[] attacks)
    {
        const int size = 1_000_000;
        using var limit = new MemoryLimit(s_memoryMebibytes);
        var port = AccioServer.FreePort();
        await using var server = await AccioServer.StartAsync($"--status {port} --idle-timeout 60", limit.Shell);
        await StatusClient.UntilServedAsync(port);
        using var client = await server.ConnectAsync();
        await client.ConfirmBothAsync();
        await client.SendAsync(Accio.FileOf(size));

        using (await HttpAdversary.AttackAsync(port, count: 1000, attacks))
        {
            for (var i = 0; i < 20; i++)
            {
                await client.SendAsync(Accio.FileOf(size));
                await Task.Delay(TimeSpan.FromMilliseconds(50), TestContext.Current.CancellationToken);
            }

            client.HalfClose();
            await client.WaitForCloseAsync();
            await server.TransferAsync(5);
        }

        using var status = new StatusClient(port);
        await ExpectServedAsync(status);
        await server.StopAsync(21 * size, 5);
    }

    [Theory]
    [InlineData(64)]
    [InlineData(256)]
    public async Task Descriptors_Few_AreNotTakenFromTheExchange(int descriptors)
    {
        descriptors += s_runtimeDescriptors;
        var port = AccioServer.FreePort();
        await using var server = await AccioServer.StartAsync($"--status {port}", $"""ulimit -n {descriptors}; exec "$0" "$@" """);
        await StatusClient.UntilServedAsync(port);
        await server.TransferAsync(1);
        using var _ = await HttpAdversary.AttackAsync(port, count: descriptors, HttpAttack.Silence);
        await server.TransferAsync(2);

        var (used, clock) = (server.ProcessorTime, Stopwatch.StartNew());
        await Task.Delay(TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken);
        // An accept that is tried again and again takes all of a core; this one takes a hundredth. A busy machine lowers the share.
        Assert.InRange((server.ProcessorTime - used) / clock.Elapsed, 0, 0.5);

        await server.TransferAsync(3);
        Assert.DoesNotContain("Short of resources", server.Errors.ToString(), StringComparison.Ordinal);
        await server.StopAsync(1, 2, 3);
    }

    [Theory]
    [InlineData(HttpAttack.Silence)]
    [InlineData(HttpAttack.HalfHeader)]
    [InlineData(HttpAttack.HalfBody)]
    [InlineData(HttpAttack.NoReading)]
    public async Task Attack_OnEveryConnection_TimesOutAndTheOperatorGetsIn(HttpAttack attack)
    {
        var (server, status) = await StatusClient.StartAsync();
        await using var _ = server;
        using var __ = status;

        using var adversaries = await HttpAdversary.AttackAsync(status.Port, count: 450, attack);

        await ExpectServedAsync(status);
        if (attack is not HttpAttack.NoReading)
        {
            // To wait for the end is to read.
            await adversaries.WaitForEndAsync();
        }

        await server.StopAsync();
    }

    [Fact]
    public async Task Connections_BeyondTheLimit_AreToldWhy()
    {
        var port = AccioServer.FreePort();
        await using var server = await AccioServer.StartAsync($"--status {port}", $"""ulimit -n {256 + s_runtimeDescriptors}; exec "$0" "$@" """);
        await StatusClient.UntilServedAsync(port);
        using var adversaries = await HttpAdversary.AttackAsync(port, count: 400, HttpAttack.HalfHeader);

        var refusals = (await adversaries.WaitForEndAsync()).Where(answer => answer.StartsWith("HTTP/1.1 503 ", StringComparison.Ordinal)).ToList();

        Assert.NotEmpty(refusals);
        Assert.All(refusals, refusal =>
        {
            Assert.Contains("\r\nRetry-After: ", refusal, StringComparison.Ordinal);
            Assert.Contains(" connections of the status address are in use.", refusal, StringComparison.Ordinal);
        });
        await server.StopAsync();
    }

    [Fact]
    public async Task Viewers_BeyondTheLimit_AreToldWhyAndOthersAreAnswered()
    {
        var port = AccioServer.FreePort();
        await using var server = await AccioServer.StartAsync($"--status {port}", $"""ulimit -n {256 + s_runtimeDescriptors}; exec "$0" "$@" """);
        using var status = new StatusClient(port);
        await StatusClient.UntilServedAsync(port);
        var streams = new List<HttpResponseMessage>();
        while (true)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/api/events");
            var answer = await status.SendHeadersOnlyAsync(request);
            streams.Add(answer);
            if (answer.StatusCode is HttpStatusCode.OK)
            {
                continue;
            }

            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
            Assert.NotNull(answer.Headers.RetryAfter);
            Assert.StartsWith(
                $"All {streams.Count - 1} event streams of the status page are in use.",
                await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken),
                StringComparison.Ordinal);
            break;
        }

        await status.StatusAsync();

        // A place that is given back is given to the next one.
        streams[0].Dispose();
        await ExpectServedAsync(status, "/api/events");
        streams.ForEach(stream => stream.Dispose());
        await server.StopAsync();
    }

    [Fact]
    public async Task Request_WithABody_IsRefusedBeforeItsBodyHasCome()
    {
        var (server, status) = await StatusClient.StartAsync();
        await using var _ = server;
        using var __ = status;
        using var client = await AccioClient.ConnectAsync(status.Port);
        var clock = Stopwatch.StartNew();
        await client.SendAsync("GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n");

        // A request that waits for nothing is the control.
        var control = Task.Run(async () =>
        {
            await status.StatusAsync();
            return clock.Elapsed;
        });
        Assert.StartsWith("HTTP/1.1 413 ", await client.WaitForCloseAsync(), StringComparison.Ordinal);
        var elapsed = clock.Elapsed;
        Assert.InRange(elapsed, TimeSpan.Zero, s_wellBelowAnyWait + (3 * await control));
        await server.StopAsync();
    }

    [Fact]
    public async Task Stop_UnderAllAttacksAndWithADeadCollector_WaitsForNone()
    {
        // A collector that accepts and never answers.
        using var collector = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        collector.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        collector.Listen();
        var (server, status) = await StatusClient.StartAsync(environment: Otlp(collector));
        await using var _ = server;
        using var __ = status;
        using var halves = await HttpAdversary.AttackAsync(status.Port, count: 100, HttpAttack.HalfHeader, HttpAttack.HalfBody, HttpAttack.NoReading);
        using var viewers = await HttpAdversary.AttackAsync(status.Port, count: 20, HttpAttack.StuckViewer);
        await server.TransferAsync(5);
        await status.StatusAsync();

        await server.ExpectStopWithinAsync(Signal.Terminate, seconds: 0, s_wellBelowAnyWait.TotalSeconds, 5);
    }

    [Fact]
    public async Task SecondSignal_UnderAllAttacks_WaitsForNone()
    {
        using var collector = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        collector.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        collector.Listen();
        var (server, status) = await StatusClient.StartAsync("--shutdown-grace 20", Otlp(collector));
        await using var _ = server;
        using var __ = status;
        using var client = await server.ConnectAsync();
        await client.ConfirmBothAsync();
        await client.SendAsync("abc");
        await status.WaitUntilAsync(report => (long?)report["current"]?["bytes"] == 3);
        using var halves = await HttpAdversary.AttackAsync(status.Port, count: 100, HttpAttack.HalfHeader, HttpAttack.StuckViewer);
        Signal.Terminate.SendTo(server.ProcessId);
        await client.ExpectSilenceAsync(seconds: 0.5);

        await server.ExpectStopWithinAsync(Signal.Terminate, seconds: 0, s_wellBelowAnyWait.TotalSeconds, "ERROR");
        await client.WaitForResetAsync();
    }

    private static (string Name, string Value)[] Otlp(Socket collector) =>
    [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", $"http://{collector.LocalEndPoint}"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
        // So that an export is in progress when the server is stopped.
        ("OTEL_METRIC_EXPORT_INTERVAL", "100"),
    ];

    /// <summary>Asks as an operator does, again after a refusal, until there is an answer.</summary>
    private static async Task ExpectServedAsync(StatusClient status, string path = "/api/status")
    {
        for (var end = DateTime.UtcNow + Patience.Limit; DateTime.UtcNow < end;)
        {
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, path);
                using var answer = await status.SendHeadersOnlyAsync(request);
                if (answer.StatusCode is HttpStatusCode.OK)
                {
                    return;
                }

                Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
            }
            catch (HttpRequestException)
            {
                // The refusal was overtaken by the end of its connection.
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), TestContext.Current.CancellationToken);
        }

        Assert.Fail(string.Create(CultureInfo.InvariantCulture, $"Not served within {Patience.Limit}."));
    }
}
