using System.Globalization;

namespace AccioKestrel.Benchmarks;

/// <summary>One thing to measure: what the client does, and which figures are read from it. Mode is the client's.</summary>
internal sealed record Work(string Id, string Title, string Mode, long Size, int Count = 1, int Waiting = 0, bool OneCore = false)
{
    private static readonly int[] s_sizes = [500, 100_000];
    private static readonly bool[] s_oneCore = [true, false];
    private static readonly int[] s_waiting = [1, 10, 100, 500];

    public bool IsStream => Mode is "send" or "sendfile";

    public bool IsStart => Mode is "first";

    /// <summary>How often in one round: the shorter, the more.</summary>
    public int Repeats => Mode switch { "first" => 10, "loop" or "queue" => 3, _ => 1 };

    /// <summary>What a figure is divided by: GiB or exchanges.</summary>
    public double Units => IsStream ? Size / (double)Bytes.GiB : Count;

    public IReadOnlyList<Metric> Metrics => Mode switch
    {
        "loop" => [Metric.ExchangesPerSecond, Metric.CpuPerExchange, Metric.P50, Metric.P99],
        "queue" => [Metric.WallPerExchange, Metric.CpuPerExchange],
        "first" => [Metric.Start],
        _ => [Metric.Throughput, Metric.CpuPerGiB, Metric.Rest, Metric.Peak],
    };

    /// <summary>The same on a smaller scale: waits for the server to listen and lets a runtime compile what it will need.</summary>
    public Work WarmUp => IsStream
        ? this with { Size = Math.Min(Size, 64 * Bytes.MiB) }
        : this with { Mode = "loop", Count = Math.Min(Count, 2000), Waiting = 0 };

    public IReadOnlyList<string> ClientArguments => Mode switch
    {
        "loop" => [Mode, Text(Count), Text(Size)],
        "queue" => [Mode, Text(Count), Text(Size), Text(Waiting)],
        _ => [Mode, Text(Size)],
    };

    public static IReadOnlyList<Work> All(long large, int exchanges) =>
    [
        new("large-send", $"{Bytes.Format(large)} with send()", "send", large),
        new("large-sendfile", $"{Bytes.Format(large)} with sendfile()", "sendfile", large),
        new("small-send", $"{Bytes.Format(large / 16)} with send()", "send", large / 16),
        new("start", "From exec to the first answer", "first", 0),
        .. from size in s_sizes
           from oneCore in s_oneCore
           select new Work(
               $"loop-{size}-{(oneCore ? "one" : "any")}",
               $"{Bytes.Format(size)}, one exchange after another, {(oneCore ? "client and server on one core" : "cores as the kernel likes")}",
               "loop", size, exchanges, OneCore: oneCore),
        .. from waiting in s_waiting
           select new Work(
               $"queue-{waiting}", $"500 B, {waiting} more in the queue, client and server on one core", "queue", 500,
               Math.Max(exchanges, 4 * waiting), waiting, OneCore: true),
    ];

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
