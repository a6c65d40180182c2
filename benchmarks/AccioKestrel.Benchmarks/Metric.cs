namespace AccioKestrel.Benchmarks;

/// <summary>A figure of a <see cref="Sample"/>, in the unit that its name says.</summary>
internal sealed record Metric(string Name, Func<Sample, double> Of)
{
    public static readonly Metric Throughput = new("GiB/s", sample => sample.Units / sample.Seconds);
    public static readonly Metric CpuPerGiB = new("CPU s/GiB", sample => sample.CpuSeconds / sample.Units);
    public static readonly Metric Rest = new("at rest MiB", sample => sample.RestMiB);
    public static readonly Metric Peak = new("peak MiB", sample => sample.PeakMiB);
    public static readonly Metric ExchangesPerSecond = new("exchanges/s", sample => sample.Units / sample.Seconds);
    public static readonly Metric WallPerExchange = new("µs each", sample => sample.Seconds / sample.Units * 1e6);
    public static readonly Metric CpuPerExchange = new("CPU µs each", sample => sample.CpuSeconds / sample.Units * 1e6);
    public static readonly Metric P50 = new("p50 µs", sample => sample.P50Microseconds);
    public static readonly Metric P99 = new("p99 µs", sample => sample.P99Microseconds);
    public static readonly Metric Start = new("ms", sample => sample.Seconds * 1e3);
}
