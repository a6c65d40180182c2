using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;

namespace AccioKestrel.Status;

/// <summary>
/// The event stream of the status page: a report four times a second, serialized once for all viewers that have seen the same. A viewer
/// that reads slowly skips reports; its next report includes what it has missed.
/// </summary>
internal sealed class StatusFeed(StatusReporter reporter, IHostApplicationLifetime lifetime, TimeProvider time) : BackgroundService
{
    /// <summary>The time between two reports. Short enough that a transfer looks alive.</summary>
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(0.25);

    /// <summary>
    /// After a round with new results, this many rounds leave results out, so that they are sent once a second. The last hundred results
    /// are thirty times the size of the rest of a report, and a busy server always has new ones.
    /// </summary>
    private const int RoundsWithoutResults = 3;

    /// <summary>The largest write to a viewer. Each viewer of a round has one write in its buffer, so this bounds their memory.</summary>
    private const int PieceSize = 4 * 1024;

    /// <summary>
    /// The next round. Its continuations run inline, so one thread writes to one viewer after the other, and the pool's other threads are
    /// free for exchanges.
    /// </summary>
    private volatile TaskCompletionSource<Round> _next = new();

    /// <summary>The latest round, which a new viewer gets first.</summary>
    private volatile Round _current = new(reporter, withResults: true);

    private int _viewers;

    /// <summary>Serves <c>/api/events</c> until the client disconnects or the server stops.</summary>
    public async Task WatchAsync(HttpContext context)
    {
        try
        {
            if (Interlocked.Increment(ref _viewers) > StatusCapacity.Viewers)
            {
                await RefuseAsync(context.Response, context.RequestAborted);
            }
            else
            {
                await StreamAsync(context.Response, context.RequestAborted);
            }
        }
        catch (OperationCanceledException)
        {
            // The client has disconnected, or the server stops.
        }
        finally
        {
            Interlocked.Decrement(ref _viewers);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(s_interval, time);
        var sinceResults = RoundsWithoutResults;
        try
        {
            // Not stoppingToken: the host stops Kestrel before this service, and Kestrel waits for the viewers.
            while (await timer.WaitForNextTickAsync(lifetime.ApplicationStopping))
            {
                var due = _next;
                _next = new TaskCompletionSource<Round>();
                _current = new Round(reporter, withResults: sinceResults >= RoundsWithoutResults);
                due.SetResult(_current);
                sinceResults = _current.HadNewResults ? 0 : sinceResults + 1;
            }
        }
        catch (OperationCanceledException)
        {
            _next.SetCanceled(lifetime.ApplicationStopping);
        }
    }

    private static Task RefuseAsync(HttpResponse response, CancellationToken cancellationToken)
    {
        response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        response.Headers.RetryAfter = "5";
        response.ContentType = "text/plain";
        return response.WriteAsync(
            string.Create(CultureInfo.InvariantCulture, $"All {StatusCapacity.Viewers} event streams of the status page are in use. Try again in a few seconds.\n"),
            cancellationToken);
    }

    private async Task StreamAsync(HttpResponse response, CancellationToken aborted)
    {
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-cache,no-store";
        var seen = StatusCursor.None;
        for (var report = _current.After(ref seen); await WriteAsync(response.BodyWriter, report, aborted);)
        {
            // Skips the rounds that passed during a slow write.
            var round = await _next.Task;
            report = round.After(ref seen);
        }
    }

    /// <returns>Whether the client is still connected.</returns>
    private static async ValueTask<bool> WriteAsync(PipeWriter writer, ReadOnlyMemory<byte> report, CancellationToken aborted)
    {
        while (!report.IsEmpty)
        {
            var piece = report[..Math.Min(PieceSize, report.Length)];
            var result = await writer.WriteAsync(piece, aborted);
            if (result.IsCompleted || aborted.IsCancellationRequested)
            {
                return false;
            }

            report = report[piece.Length..];
        }

        return true;
    }

    /// <summary>One report, serialized once for each cursor: viewers that have seen the same get the same bytes.</summary>
    private sealed class Round(StatusReporter reporter, bool withResults)
    {
        private readonly Dictionary<StatusCursor, (ReadOnlyMemory<byte> Event, StatusCursor Seen)> _events = [];

        /// <summary>Whether a viewer got new results in this round.</summary>
        public bool HadNewResults { get; private set; }

        public ReadOnlyMemory<byte> After(ref StatusCursor seen)
        {
            // A viewer that has just finished a slow write calls on another thread.
            lock (_events)
            {
                if (!_events.TryGetValue(seen, out var known))
                {
                    var now = seen;
                    known = (Event(reporter.Report(ref now, withResults)), now);
                    _events.Add(seen, known);
                    HadNewResults |= seen != StatusCursor.None && seen.Ended != now.Ended;
                }

                seen = known.Seen;
                return known.Event;
            }
        }

        private static ReadOnlyMemory<byte> Event(StatusReport report)
        {
            var text = new ArrayBufferWriter<byte>();
            text.Write("event: status\nretry: 1000\ndata: "u8);
            using (var json = new Utf8JsonWriter(text))
            {
                JsonSerializer.Serialize(json, report, StatusJson.Default.StatusReport);
            }

            text.Write("\n\n"u8);
            return text.WrittenMemory;
        }
    }
}
