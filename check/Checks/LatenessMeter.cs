using System.Diagnostics;

namespace AccioKestrel.Checker;

/// <summary>
/// Measures how late this program itself is, because the machine is busy. A server that was waiting for a client that was late is right to give up,
/// so a failure at such a time says nothing.
/// </summary>
internal sealed class LatenessMeter : IAsyncDisposable
{
    /// <summary>What a check bears in any case.</summary>
    public static readonly TimeSpan Bearable = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(200);

    private readonly CancellationTokenSource _stop = new();
    private readonly Task _measuring;
    private long _lastLate;

    public LatenessMeter() => _measuring = MeasureAsync();

    /// <summary>Whether it has been late since then.</summary>
    /// <param name="timestamp">A timestamp of <see cref="Stopwatch"/>.</param>
    public bool WasLateSince(long timestamp) => Volatile.Read(ref _lastLate) >= timestamp;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _measuring;
        _stop.Dispose();
    }

    private async Task MeasureAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            var begun = Stopwatch.GetTimestamp();
            await Task.Delay(s_interval, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (Stopwatch.GetElapsedTime(begun) > s_interval + Bearable)
            {
                Volatile.Write(ref _lastLate, Stopwatch.GetTimestamp());
            }
        }
    }
}
