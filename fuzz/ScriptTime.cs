namespace AccioKestrel.Fuzz;

/// <summary>Time that passes only when told to. Its timers run on the thread that tells it.</summary>
internal sealed class ScriptTime : TimeProvider
{
    private readonly List<ScriptTimer> _timers = [];
    private long _now = 1;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => _now;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ScriptTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Lets time pass until the next timer is due, but no longer than this.</summary>
    /// <returns>The time that has passed.</returns>
    public TimeSpan Pass(TimeSpan atMost)
    {
        ScriptTimer? first = null;
        foreach (var timer in _timers)
        {
            first = timer.Due < (first?.Due ?? long.MaxValue) ? timer : first;
        }

        var passed = first is not null && first.Due - _now <= atMost.Ticks ? Math.Max(first.Due - _now, 0) : atMost.Ticks;
        _now += passed;
        if (first is not null && first.Due <= _now)
        {
            first.Fire();
        }

        return new TimeSpan(passed);
    }

    private sealed class ScriptTimer(ScriptTime time, TimerCallback callback, object? state) : ITimer
    {
        public long Due { get; private set; } = long.MaxValue;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            time._timers.Remove(this);
            Due = dueTime == Timeout.InfiniteTimeSpan ? long.MaxValue : time._now + dueTime.Ticks;
            if (Due < long.MaxValue)
            {
                time._timers.Add(this);
            }

            return true;
        }

        public void Fire()
        {
            time._timers.Remove(this);
            Due = long.MaxValue;
            callback(state);
        }

        public void Dispose() => time._timers.Remove(this);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
