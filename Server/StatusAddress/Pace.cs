namespace AccioKestrel.Server.StatusAddress;

/// <summary>A rate limiter: lets a burst of calls pass, then a number of calls per second, in order.</summary>
internal sealed class Pace(TimeProvider time, int perSecond, int atOnce)
{
    private readonly TimeSpan _interval = TimeSpan.FromSeconds(1.0 / perSecond);
    private readonly long _start = time.GetTimestamp();
    private readonly Lock _lock = new();

    /// <summary>When the last caller may go on. Unused time becomes credit, up to the size of a burst.</summary>
    private TimeSpan _due = TimeSpan.MinValue;

    /// <summary>Waits until the caller can go on.</summary>
    public Task WaitAsync(CancellationToken cancellationToken)
    {
        TimeSpan wait;
        lock (_lock)
        {
            var now = time.GetElapsedTime(_start);
            var credit = now - (_interval * atOnce);
            _due = (_due > credit ? _due : credit) + _interval;
            wait = _due - now;
        }

        return wait > TimeSpan.Zero ? Task.Delay(wait, time, cancellationToken) : Task.CompletedTask;
    }
}
