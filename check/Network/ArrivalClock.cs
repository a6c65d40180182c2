using System.Diagnostics;

namespace AccioKestrel.Checker;

/// <summary>Says when each piece of one direction arrives, in order, as timestamps of <see cref="Stopwatch"/>.</summary>
internal sealed class ArrivalClock(DirectionEmulation emulation, Random random, TimeSpan retransmission)
{
    private long _sent = Stopwatch.GetTimestamp();
    private long _arrived;
    private bool _hasStalled;

    /// <param name="count">The bytes of the piece.</param>
    /// <param name="total">The bytes of the direction with this piece.</param>
    public (long Arrival, bool IsLost) Next(int count, long total)
    {
        _sent = Math.Max(_sent, Stopwatch.GetTimestamp());
        if (emulation.Rate > 0)
        {
            _sent += Ticks(TimeSpan.FromSeconds((double)count / emulation.Rate));
        }

        var delay = emulation.Latency + (random.NextDouble() * emulation.Jitter);
        var isLost = random.NextDouble() < emulation.Loss;
        if (isLost)
        {
            delay += retransmission;
        }

        if (emulation.StallAfter >= 0 && total > emulation.StallAfter && !_hasStalled)
        {
            _hasStalled = true;
            delay += emulation.Stall;
        }

        _arrived = Math.Max(_arrived, _sent + Ticks(delay));
        return (_arrived, isLost);
    }

    public long End() => Math.Max(_arrived, Math.Max(_sent, Stopwatch.GetTimestamp()) + Ticks(emulation.Latency)) + Ticks(emulation.SlowClose);

    private static long Ticks(TimeSpan time) => (long)(time.TotalSeconds * Stopwatch.Frequency);
}
