using AccioKestrel.Exchange;
using Microsoft.Extensions.Hosting;

namespace AccioKestrel.Status;

/// <summary>Received bytes per second over the last five minutes, for the chart of the status page.</summary>
internal sealed class RateHistory(ExchangeHistory history, TimeProvider time) : BackgroundService
{
    /// <summary>The time between two samples.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(0.5);

    /// <summary>How many samples are kept: five minutes.</summary>
    private const int Kept = 600;

    private readonly Lock _lock = new();
    private readonly double[] _samples = new double[Kept];
    private long _taken;

    /// <summary>The last sample, in bytes per second.</summary>
    public double Latest
    {
        get
        {
            lock (_lock)
            {
                return _taken == 0 ? 0 : _samples[(_taken - 1) % Kept];
            }
        }
    }

    /// <summary>The samples that a viewer has not seen yet, as far as they are still kept, oldest first.</summary>
    /// <param name="seen">How many samples had been taken when the viewer last asked. Set to the present number.</param>
    public double[] Since(ref long seen)
    {
        lock (_lock)
        {
            var first = Math.Max(seen, _taken - Kept);
            var samples = new double[_taken - first];
            for (var i = 0; i < samples.Length; i++)
            {
                samples[i] = _samples[(first + i) % Kept];
            }

            seen = _taken;
            return samples;
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var bytes = history.ReceivedBytes;
        var at = time.GetTimestamp();
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                var (lastBytes, lastAt) = (bytes, at);
                (bytes, at) = (history.ReceivedBytes, time.GetTimestamp());
                Add((bytes - lastBytes) / time.GetElapsedTime(lastAt, at).TotalSeconds);
            }
        }
        catch (OperationCanceledException)
        {
            // The host stops.
        }
    }

    private void Add(double sample)
    {
        lock (_lock)
        {
            _samples[_taken++ % Kept] = sample;
        }
    }
}
