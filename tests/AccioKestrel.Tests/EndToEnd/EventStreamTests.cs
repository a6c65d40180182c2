using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace AccioKestrel.Tests.EndToEnd;

/// <summary>Many viewers of the event stream: one report for all of them, none left out, and a slow one skips what it cannot read.</summary>
public sealed class EventStreamTests
{
    [Fact]
    public async Task Viewers_ThatHaveSeenTheSame_AreSentTheSameBytes()
    {
        const int events = 8;
        var (server, status) = await StatusClient.StartAsync();
        await using var _ = server;
        using var __ = status;
        var viewers = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => ViewerAsync(status)));

        var seen = await Task.WhenAll(viewers.Select(viewer => viewer.NextAsync(events)));

        // The uptime in each report is another one each time that a report is made.
        Assert.All(seen.Skip(1), reports => Assert.True(reports.Intersect(seen[0], StringComparer.Ordinal).Count() >= events / 2));
    }

    [Fact]
    public async Task Viewer_ThatReadsSlowly_SkipsReportsAndMissesNothing()
    {
        const int before = 100;
        const int events = 32;
        var (server, status) = await StatusClient.StartAsync();
        await using var _ = server;
        using var __ = status;
        for (var size = 1; size <= before; size++)
        {
            await server.TransferAsync(size);
        }

        using var fast = await ViewerAsync(status);
        using var slow = await ViewerAsync(status, receiveBuffer: 2048);

        // Once a second a report holds the last hundred results: more than two of those do not fit in the buffers on the way.
        var total = before;
        var (results, count) = (0L, 0);
        for (var sent = 0; sent < events;)
        {
            await server.TransferAsync(++total);
            await fast.NextAsync();
            if (++sent % 4 == 0)
            {
                await ReadSlowlyAsync();
            }
        }

        while (results < total)
        {
            await ReadSlowlyAsync();
        }

        Assert.InRange(count, 1, events - 1);
        await server.StopAsync(Enumerable.Range(1, total).Cast<object>());

        async Task ReadSlowlyAsync()
        {
            var report = JsonNode.Parse(await slow.NextAsync())!;
            results = (long)(report["recent"]?[0]!["bytes"] ?? results);
            count++;
        }
    }

    private static Task<EventViewer> ViewerAsync(StatusClient status, int receiveBuffer = 65536) => EventViewer.ConnectAsync(status.Port, receiveBuffer);

    private sealed class EventViewer : IDisposable
    {
        private readonly NetworkStream _stream;
        private readonly StreamReader _reader;

        private EventViewer(Socket socket)
        {
            _stream = new NetworkStream(socket, ownsSocket: true);
            _reader = new StreamReader(_stream, bufferSize: 256);
        }

        public static async Task<EventViewer> ConnectAsync(int port, int receiveBuffer)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = receiveBuffer };
            await socket.ConnectAsync("127.0.0.1", port).OrGiveUp();
            var viewer = new EventViewer(socket);
            // By the older version of HTTP there are no chunks between the events.
            await viewer._stream.WriteAsync(Accio.Bytes("GET /api/events HTTP/1.0\r\nHost: localhost\r\n\r\n"), TestContext.Current.CancellationToken);
            return viewer;
        }

        /// <summary>The next report, as it was sent.</summary>
        public async Task<string> NextAsync()
        {
            while (await _reader.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().OrGiveUp() is { } line)
            {
                if (line.StartsWith("data: ", StringComparison.Ordinal))
                {
                    return line["data: ".Length..];
                }
            }

            Assert.Fail("The stream has ended.");
            return null!;
        }

        public async Task<List<string>> NextAsync(int count)
        {
            var reports = new List<string>();
            while (reports.Count < count)
            {
                reports.Add(await NextAsync());
            }

            return reports;
        }

        public void Dispose() => _reader.Dispose();
    }
}
