using System.Diagnostics.Tracing;
using System.Text;
using Microsoft.Diagnostics.NETCore.Client;

namespace AccioKestrel.Tests.EndToEnd;

/// <summary>What dotnet-counters and dotnet-trace see: they use this very client.</summary>
public sealed class DiagnosticsTests
{
    [Fact]
    public async Task Diagnostics_SeeTheMeterAndKestrelsEvents_UnderTheirNames()
    {
        await using var server = await AccioServer.StartAsync();
        using var session = await new DiagnosticsClient(server.ProcessId).StartEventPipeSessionAsync(
            [
                new("Microsoft-AspNetCore-Server-Kestrel", EventLevel.Informational, (long)EventKeywords.All),
                new("System.Diagnostics.Metrics", EventLevel.Informational, 2, new Dictionary<string, string>(StringComparer.Ordinal)
                {
                    ["SessionId"] = "test",
                    ["Metrics"] = "AccioKestrel",
                    ["RefreshInterval"] = "0.2",
                }),
            ],
            requestRundown: false,
            token: TestContext.Current.CancellationToken);
        await server.TransferAsync(5);

        var wanted = new List<string> { "ConnectionStart", "accio.exchanges", "accio.received", "accio.exchange.duration", "accio.active_connections", "accio.waiting_connections", "accio.accept_errors" };
        var trace = new StringBuilder();
        var buffer = new byte[16 * 1024];
        while (wanted.Count > 0)
        {
            var count = await session.EventStream.ReadAsync(buffer, TestContext.Current.CancellationToken).OrGiveUp();
            Assert.True(count > 0, $"The trace ended without {string.Join(", ", wanted)}.");
            // Names are in there as UTF-16, at even and at odd places: with the other byte of each left out they are plain.
            trace.Append(Encoding.Latin1.GetString(buffer, 0, count).Replace("\0", "", StringComparison.Ordinal));
            wanted.RemoveAll(name => trace.ToString().Contains(name, StringComparison.Ordinal));
        }

        await server.StopAsync(5);
    }
}
