using System.Reflection;
using AccioKestrel.Exchange;
using AccioKestrel.Transport;
using Microsoft.Extensions.Options;

namespace AccioKestrel.Status;

/// <summary>Builds the reports of the status page.</summary>
internal sealed class StatusReporter(
    ExchangeHistory history, BoundListeners listeners, ConnectionCounters counters, RateHistory rates, IOptions<AccioOptions> options, ClientCommand? client = null)
{
    private static readonly string s_version =
        typeof(StatusReporter).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    private static readonly ExchangeFailure[] s_failures = Enum.GetValues<ExchangeFailure>();

    /// <summary>A full report.</summary>
    public StatusReport Report()
    {
        var nothing = StatusCursor.None;
        return Report(ref nothing);
    }

    /// <summary>A report for a viewer of the stream.</summary>
    /// <param name="seen">What the viewer has seen. Updated to include this report.</param>
    /// <param name="withResults">Whether to include new results. A viewer that has seen nothing gets them in any case.</param>
    public StatusReport Report(ref StatusCursor seen, bool withResults = true)
    {
        var now = history.Snapshot(knownResults: withResults || seen == StatusCursor.None ? seen.Ended : null).IncludingEarlier();
        var samples = seen.Samples;
        var newSamples = rates.Since(ref samples);
        var bound = listeners.All;
        var tls = bound is [var first, ..] ? first.Tls : EndPointTls.None;
        seen = new StatusCursor(now.Recent is null ? seen.Ended : now.Ended, samples);
        return new StatusReport(
            s_version,
            history.StartedAt,
            history.Uptime.TotalSeconds,
            [.. bound.Select(listener => listener.EndPoint.ToString()!)],
            tls is not EndPointTls.None,
            tls is EndPointTls.BothCertificates,
            client?.Text,
            listeners.Waiting,
            now.Current is { } current ? Report(current) : null,
            new TotalsReport(
                now.Earlier?.Since ?? history.StartedAt,
                now.Ended,
                now.Counted,
                s_failures.ToDictionary(failure => ExchangeWords.Name(failure), failure => now.Failed[(int)failure], StringComparer.Ordinal),
                now.Bytes,
                counters.AcceptErrors),
            now.Recent is null ? null : [.. now.Recent.Select(Report)],
            new RatesReport(RateHistory.Interval.TotalSeconds, newSamples));
    }

    private CurrentReport Report(ActiveExchange exchange)
    {
        var elapsed = exchange.Elapsed;
        return new(
            exchange.ConnectionId, exchange.Peer?.ToString(), ExchangeWords.Name(exchange.Step), exchange.Bytes, elapsed.TotalSeconds, exchange.Silence.TotalSeconds, options.Value.IdleTimeout,
            // The latest sample covers only this exchange when the exchange is at least two intervals old. Until then, its own average.
            elapsed < 2 * RateHistory.Interval ? PerSecond(exchange.Bytes, elapsed) : rates.Latest);
    }

    private static ResultReport Report(CompletedExchange result) => new(
        result.ConnectionId,
        result.Peer?.ToString(),
        result.EndedAt,
        result.Bytes,
        result.Failure is { } failure ? ExchangeWords.Name(failure) : null,
        result.Reason,
        ExchangeWords.Name(result.Step),
        result.Duration.TotalSeconds,
        PerSecond(result.Bytes, result.Duration));

    private static double PerSecond(long bytes, TimeSpan time) => time > TimeSpan.Zero ? bytes / time.TotalSeconds : 0;
}
