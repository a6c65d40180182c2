using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace AccioKestrel.Tests.EndToEnd;

/// <summary>What Prometheus and OpenTelemetry get, read by their own tools and compared with standard output.</summary>
public sealed partial class MetricsTests
{
    [Fact]
    public async Task Metrics_AfterAHundredMixedExchanges_AgreeWithStandardOutput()
    {
        var (server, status) = await StatusClient.StartAsync("--idle-timeout 2");
        await using var _ = server;
        using var __ = status;
        var random = new Random(20);
        for (var i = 0; i < 100; i++)
        {
            using var client = await server.ConnectServedAsync();
            switch (random.Next(5))
            {
                case 0:
                    await client.SendAsync("confirm-ACCIO");
                    await client.WaitForCloseAsync();
                    break;
                case 1:
                    client.HalfClose();
                    await client.WaitForCloseAsync();
                    break;
                case 2 when i % 4 == 0:
                    await client.WaitForResetAsync();
                    break;
                default:
                    await client.SendAsync(Accio.StreamOf(random.Next(100_000)));
                    client.HalfClose();
                    await client.WaitForCloseAsync();
                    break;
            }
        }

        await status.WaitUntilAsync(report => (long)report["totals"]!["exchanges"]! == 100);
        var metrics = await status.TextAsync("/metrics");
        var lines = (await server.Output.WaitUntilAsync(text => text.Count(c => c == '\n') == 100)).TrimEnd('\n').Split('\n');
        var counted = lines.Where(line => line is not "ERROR").Select(line => long.Parse(line, CultureInfo.InvariantCulture)).ToList();
        Assert.NotEmpty(counted);
        Assert.NotEqual(100, counted.Count);

        var exchanges = Values(metrics, "accio_exchanges_total");
        Assert.Equal(counted.Count, exchanges["accio_outcome=\"counted\""]);
        Assert.Equal(100, exchanges.Values.Sum());
        Assert.Equal(counted.Sum(), Values(metrics, "accio_received_bytes_total").Values.Single());
        Assert.Equal(100, Values(metrics, "accio_exchange_duration_seconds_count").Values.Sum());
        Assert.Equal(0, Values(metrics, "accio_active_connections").Values.Single());
        Assert.Equal(0, Values(metrics, "accio_waiting_connections").Values.Single());
    }

    [Fact]
    public async Task Metrics_OfAServerInUse_TellWhoIsServedAndWhoWaits()
    {
        var (server, status) = await StatusClient.StartAsync();
        await using var _ = server;
        using var __ = status;
        using var served = await server.ConnectServedAsync();
        using var waiting = await server.ConnectAsync();
        using var alsoWaiting = await server.ConnectAsync();
        await server.ExpectQueueAsync(2);

        var metrics = await status.TextAsync("/metrics");
        Assert.Equal(1, Values(metrics, "accio_active_connections").Values.Single());
        Assert.Equal(2, Values(metrics, "accio_waiting_connections").Values.Single());
    }

    [Fact]
    public async Task Metrics_ArePlainToPrometheus_AndAreAllThatTheDashboardAndTheRulesUse()
    {
        Needs.Installed("promtool");
        var (server, status) = await StatusClient.StartAsync();
        await using var _ = server;
        using var __ = status;
        await server.TransferAsync(5);
        await status.WaitUntilAsync(report => (long)report["totals"]!["exchanges"]! == 1);

        var metrics = await status.TextAsync("/metrics");
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, metrics, TestContext.Current.CancellationToken);
        await ChildProcess.RunShellAsync("promtool check metrics < \"$0\"", file);
        File.Delete(file);

        foreach (var used in (string[])["deploy/prometheus/accio.rules.yml", "deploy/grafana/accio.json"])
        {
            var names = MetricName().Matches(await File.ReadAllTextAsync(Repository.PathOf(used), TestContext.Current.CancellationToken));
            Assert.NotEmpty(names);
            Assert.All(names.Where(name => name.Value is not "accio_outcome"), name => Assert.Contains($"\n{name.Value}", metrics, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Rules_HoldTheirOwnTests()
    {
        Needs.Installed("promtool");
        await ChildProcess.RunShellAsync(
            "cd \"$0\" && promtool check config prometheus.yml && promtool check rules accio.rules.yml && promtool test rules accio.tests.yml",
            Repository.PathOf("deploy/prometheus"));
    }

    [Fact]
    public async Task Metrics_NameTheServiceAndItsVersion()
    {
        var (server, status) = await StatusClient.StartAsync();
        await using var _ = server;
        using var __ = status;
        var info = Assert.Single((await status.TextAsync("/metrics")).Split('\n'), line => line.StartsWith("target_info{", StringComparison.Ordinal));
        Assert.Contains("service_name=\"accio-kestrel\"", info, StringComparison.Ordinal);
        Assert.Matches("service_version=\"[0-9]+\\.[0-9]+\\.[0-9]+\"", info);
    }

    [Theory]
    [InlineData("accio-under-test", "accio-under-test")]
    [InlineData("", "accio-kestrel")]
    public async Task Otlp_WithItsStandardVariables_GetsTheMetrics(string givenName, string expectedName)
    {
        var received = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0));
        await using var collector = builder.Build();
        collector.MapPost("/v1/metrics", async (HttpContext context) =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
            // Protocol buffers: names are in there as they are.
            var text = System.Text.Encoding.Latin1.GetString(body.ToArray());
            if (text.Contains("accio.received", StringComparison.Ordinal))
            {
                received.TrySetResult(text);
            }
        });
        await collector.StartAsync(TestContext.Current.CancellationToken);

        await using var server = await AccioServer.StartAsync(environment:
        [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.Urls.Single()),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "200"),
            ("OTEL_SERVICE_NAME", givenName),
        ]);
        await server.TransferAsync(5);
        var metrics = await received.Task.OrGiveUp();
        Assert.Contains(expectedName, metrics, StringComparison.Ordinal);
        Assert.Contains("service.version", metrics, StringComparison.Ordinal);
        Assert.Contains("accio.exchanges", metrics, StringComparison.Ordinal);
        await server.StopAsync(5);
    }

    /// <summary>The values of a metric by their labels, the exporter's own left out.</summary>
    private static Dictionary<string, double> Values(string metrics, string name) =>
        metrics.Split('\n')
            .Where(line => line.StartsWith(name + "{", StringComparison.Ordinal) || line.StartsWith(name + " ", StringComparison.Ordinal))
            .ToDictionary(
                line => string.Join(',', Label().Matches(line).Select(label => label.Value).Where(label => !label.StartsWith("otel_", StringComparison.Ordinal))),
                line => double.Parse(ValueBehindLabels().Match(line).Groups["value"].Value, CultureInfo.InvariantCulture),
                StringComparer.Ordinal);

    [GeneratedRegex("\\baccio_[a-z_]+[a-z](?=[{)\\[ ])", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex MetricName();

    [GeneratedRegex("[a-z_]+=\"[^\"]*\"", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Label();

    [GeneratedRegex("(^[a-z_]+|\\}) (?<value>[0-9.eE+]+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ValueBehindLabels();
}
