using System.Diagnostics.Metrics;
using System.Text.Json;

namespace AccioKestrel;

/// <summary>What is measured of exchanges, by the meter <c>AccioKestrel</c>. Names and units as OpenTelemetry has them.</summary>
/// <remarks>All but the duration is read from the journal when somebody asks, so it costs an exchange nothing.</remarks>
internal sealed class ExchangeMetrics
{
    public const string MeterName = "AccioKestrel";

    private const string OutcomeTag = "accio.outcome";

    // From an exchange of a few bytes on the same machine to a file of terabytes, in steps of about three.
    private static readonly double[] s_seconds = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000, 3000];

    private static readonly KeyValuePair<string, object?> s_counted = NewTag(null);

    /// <summary>By the value of the failure.</summary>
    private static readonly KeyValuePair<string, object?>[] s_failed = [.. Enum.GetValues<ExchangeFailure>().Select(failure => NewTag(failure))];

    private readonly Histogram<double> _duration;

    public ExchangeMetrics(IMeterFactory meters, ExchangeJournal journal)
    {
        var meter = meters.Create(MeterName);
        _duration = meter.CreateHistogram(
            "accio.exchange.duration", "s", "How long exchanges took, from the first command to the result.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = s_seconds });
        meter.CreateObservableCounter(
            "accio.exchanges",
            () => s_failed.Select((tag, failure) => new Measurement<long>(journal.Count((ExchangeFailure)failure), tag))
                .Prepend(new Measurement<long>(journal.Count(failure: null), s_counted)),
            "{exchange}", "Exchanges that have ended: one for each line on standard output.");
        meter.CreateObservableCounter(
            "accio.received", () => journal.ReceivedBytes, "By", "File bytes received, those of the file in transfer included.");
        meter.CreateObservableCounter(
            "accio.idle_timeouts", () => journal.Count(ExchangeFailure.IdleTimeout), "{timeout}", "Exchanges ended because the client was silent for too long.");
        meter.CreateObservableUpDownCounter(
            "accio.active_connections", () => journal.Current is null ? 0 : 1, "{connection}", "Connections being served: one or none.");
    }

    public void Ended(in ExchangeResult result)
    {
        if (_duration.Enabled)
        {
            _duration.Record(result.Duration.TotalSeconds, result.Outcome.Failure is { } failure ? s_failed[(int)failure] : s_counted);
        }
    }

    private static KeyValuePair<string, object?> NewTag(ExchangeFailure? outcome) =>
        new(OutcomeTag, outcome is { } failure ? JsonNamingPolicy.SnakeCaseLower.ConvertName(failure.ToString()) : "counted");
}
