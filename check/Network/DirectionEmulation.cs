namespace AccioKestrel.Checker;

/// <summary>What happens to the bytes of one direction.</summary>
internal sealed record DirectionEmulation
{
    /// <summary>How much later each byte arrives.</summary>
    public TimeSpan Latency { get; init; }

    /// <summary>How much later at the most, at random, in addition. The order is kept, as TCP does.</summary>
    public TimeSpan Jitter { get; init; }

    /// <summary>Which part of the pieces is lost. TCP sends them again: they and all behind them arrive later.</summary>
    public double Loss { get; init; }

    /// <summary>Bytes per second; 0 is unlimited.</summary>
    public long Rate { get; init; }

    /// <summary>Bytes that are handed on at a time; 0 is as they come.</summary>
    public int Slice { get; init; }

    /// <summary>Bytes after which nothing is handed on for a while; negative for never.</summary>
    public long StallAfter { get; init; } = -1;

    public TimeSpan Stall { get; init; }

    /// <summary>Bytes after which the connection is reset; negative for never.</summary>
    public long ResetAfter { get; init; } = -1;

    /// <summary>How much later the end of the direction arrives than its last byte.</summary>
    public TimeSpan SlowClose { get; init; }
}
