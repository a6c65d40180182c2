namespace AccioKestrel.Benchmarks;

/// <summary>What the load generator saw.</summary>
internal sealed record Measured(double Seconds, double P50Microseconds = 0, double P99Microseconds = 0);
