namespace AccioKestrel.Benchmarks;

/// <summary>A figure that the native server has to reach.</summary>
internal sealed record Target(string Figure, bool AtLeast, double Limit, Func<Results, double?> Value)
{
    private static readonly string[] s_streams = ["large-send", "large-sendfile"];
    private static readonly string[] s_loops = ["loop-500-one", "loop-500-any"];

    public static IReadOnlyList<Target> All =>
    [
        .. from work in s_streams
           from target in new Target[]
           {
               new($"throughput, {work}, × C at the kernel's limit", true, 0.95, Ratio(work, Peer.Limit, Metric.Throughput)),
               new($"throughput, {work}, × C recv()", true, 1.5, Ratio(work, Peer.Recv, Metric.Throughput)),
               new($"CPU per GiB, {work}, × C recv()", false, 0.12, Ratio(work, Peer.Recv, Metric.CpuPerGiB)),
               new($"CPU per GiB, {work}, × Python", false, 0.10, Ratio(work, Peer.Python, Metric.CpuPerGiB)),
               new($"peak memory MiB, {work}", false, 32, results => results.Summary(work, Peer.Native, Metric.Peak)?.Median),
           }
           select target,
        // Pages come and go by the dozen in any runtime: less than 3 percent is no growth.
        new("peak memory, large-send, × small-send", false, 1.03, Across("large-send", "small-send", Metric.Peak)),
        .. from work in s_loops
           from target in new Target[]
           {
               new($"exchanges per second, {work}, × Python", true, 1.15, Ratio(work, Peer.Python, Metric.ExchangesPerSecond)),
               new($"exchanges per second, {work}, × C", true, 0.85, Ratio(work, Peer.Recv, Metric.ExchangesPerSecond)),
               new($"CPU per exchange, {work}, × Python", false, 1.0, Ratio(work, Peer.Python, Metric.CpuPerExchange)),
           }
           select target,
        new("exec to the first answer, × Python", false, 1.0, Ratio("start", Peer.Python, Metric.Start)),
        new("wall per exchange, queue-500, × queue-1", false, 1.1, Across("queue-500", "queue-1", Metric.WallPerExchange)),
        new("CPU per exchange, queue-500, × queue-1", false, 1.1, Across("queue-500", "queue-1", Metric.CpuPerExchange)),
    ];

    public string Bound => $"{(AtLeast ? "at least" : "at most")} {Limit}";

    public bool? IsMet(Results results) => Value(results) is not { } value ? null : AtLeast ? value >= Limit : value <= Limit;

    private static Func<Results, double?> Ratio(string work, string peer, Metric metric) =>
        results => results.Ratio(work, Peer.Native, peer, metric);

    private static Func<Results, double?> Across(string work, string baseline, Metric metric) =>
        results => results.Summary(work, Peer.Native, metric)?.Median / results.Summary(baseline, Peer.Native, metric)?.Median;
}
