using System.Diagnostics.Metrics;
using System.Text.Json;
using AccioKestrel.Diagnostics;

namespace AccioKestrel.Exchange;

/// <summary>The instruments of exchanges, in the meter <c>AccioKestrel</c>. Names and units follow OpenTelemetry's conventions.</summary>
/// <remarks>All but the histogram read the history when an exporter collects them, so they cost an exchange nothing.</remarks>
internal sealed class ExchangeMetrics
{
    private const string OutcomeTag = "accio.outcome";

    // Bucket bounds: from an exchange of a few bytes on the same machine to a file of terabytes, each about three times the one before.
    private static readonly double[] s_seconds = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000, 3000];

    private static readonly KeyValuePair<string, object?> s_counted = NewTag(null);

    /// <summary>Indexed by <see cref="ExchangeFailure"/>.</summary>
    private static readonly KeyValuePair<string, object?>[] s_failed = [.. Enum.GetValues<ExchangeFailure>().Select(failure => NewTag(failure))];

    private readonly Histogram<double> _duration;

    public ExchangeMetrics(IMeterFactory meters, ExchangeHistory history, ExchangeEvents events)
    {
        var meter = meters.Create(AccioMeter.Name);
        _duration = meter.CreateHistogram(
            "accio.exchange.duration", "s", "How long exchanges took, from the first command (with TLS, from the beginning of its handshake) to the result.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = s_seconds });
        meter.CreateObservableCounter(
            "accio.exchanges",
            () =>
            {
                var now = history.Snapshot();
                return s_failed.Select((tag, failure) => new Measurement<long>(now.Failed[failure], tag)).Prepend(new Measurement<long>(now.Counted, s_counted));
            },
            "{exchange}", "Exchanges that have ended: one for each client that was served.");
        meter.CreateObservableCounter(
            "accio.received", () => history.ReceivedBytes, "By", "File bytes received, those of the file in transfer included.");
        meter.CreateObservableCounter(
            "accio.failed_tls_handshakes", () => history.FailedTlsHandshakes, "{handshake}", "Clients that were not served because TLS was not agreed on.");
        meter.CreateObservableCounter(
            "accio.undelivered_results", () => history.UndeliveredResults, "{result}", "Results that a receiver did not take: the log has each of them.");
        meter.CreateObservableUpDownCounter(
            "accio.active_connections", () => history.Current is null ? 0 : 1, "{connection}", "Connections being served: one or none.");
        events.Ended += Record;
    }

    private void Record(CompletedExchange result)
    {
        if (_duration.Enabled)
        {
            _duration.Record(result.Duration.TotalSeconds, result.Failure is { } failure ? s_failed[(int)failure] : s_counted);
        }
    }

    private static KeyValuePair<string, object?> NewTag(ExchangeFailure? outcome) =>
        new(OutcomeTag, outcome is { } failure ? JsonNamingPolicy.SnakeCaseLower.ConvertName(failure.ToString()) : "counted");
}
