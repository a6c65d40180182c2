namespace AccioKestrel;

/// <summary>How fast file bytes came in.</summary>
/// <param name="IntervalSeconds">The time between two samples.</param>
/// <param name="BytesPerSecond">The samples of the last five minutes, oldest first. In a stream, those that are new.</param>
internal sealed record RatesReport(double IntervalSeconds, double[] BytesPerSecond);
