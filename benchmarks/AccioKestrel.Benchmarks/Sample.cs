namespace AccioKestrel.Benchmarks;

/// <summary>One server measured once at one work. What was not measured is zero.</summary>
internal sealed record Sample(
    string Work,
    string Server,
    int Round,
    double Units,
    double Seconds,
    double P50Microseconds,
    double P99Microseconds,
    double CpuSeconds = 0,
    double RestMiB = 0,
    double PeakMiB = 0);
