namespace AccioKestrel.Status;

/// <summary>The rate of received file bytes.</summary>
/// <param name="IntervalSeconds">The time between two samples.</param>
/// <param name="BytesPerSecond">The samples of the last five minutes, oldest first. In a stream, only the new ones.</param>
internal sealed record RatesReport(double IntervalSeconds, double[] BytesPerSecond);
