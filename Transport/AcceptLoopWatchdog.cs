namespace AccioKestrel.Transport;

/// <summary>
/// Detects that Kestrel's accept loop has ended between two accepts. The loop logs and measures each connection there, and an
/// exception, of a host's logger for example, ends it for good.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="whenEnded">Called, on a thread of the pool, when the loop has ended.</param>
internal sealed class AcceptLoopWatchdog(TimeProvider time, Action whenEnded) : IDisposable
{
    // Kestrel's accept loop calls again within microseconds. It takes this long only if the loop has ended, or the process is suspended.
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(5);

    /// <summary>Runs only between two accepts, so an idle server has no timer.</summary>
    private ITimer? _timer;

    private bool _isTimerRunning;

    /// <summary>When the last accept returned, or 0 while one is in progress.</summary>
    private long _returnedAt;

    /// <summary>The <see cref="_returnedAt"/> that the timer has seen once.</summary>
    private long _suspectedAt;

    /// <summary>Whether the loop is running: it calls accept again as soon as it has a connection.</summary>
    public bool IsLoopRunning =>
        Volatile.Read(ref _returnedAt) is var returnedAt && (returnedAt == 0 || time.GetElapsedTime(returnedAt) < s_timeout);

    /// <summary>The first accept is due from now on.</summary>
    public void Start()
    {
        _returnedAt = time.GetTimestamp();
        _timer = time.CreateTimer(
            static watchdog => ((AcceptLoopWatchdog)watchdog!).Check(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public void AcceptBegins() => Volatile.Write(ref _returnedAt, 0);

    public void AcceptReturns()
    {
        // Exchanged, not written: this thread must not read the flag before its write is seen. Check has the same two in the other order,
        // and if both missed the other's write, no timer would run.
        Interlocked.Exchange(ref _returnedAt, time.GetTimestamp());
        if (!Volatile.Read(ref _isTimerRunning))
        {
            RunTimer();
        }
    }

    public void Dispose() => _timer?.Dispose();

    private void RunTimer()
    {
        Volatile.Write(ref _isTimerRunning, true);
        _timer?.Change(s_timeout, Timeout.InfiniteTimeSpan);
    }

    private void Check()
    {
        Interlocked.Exchange(ref _isTimerRunning, false);
        var returnedAt = Volatile.Read(ref _returnedAt);
        if (returnedAt == 0)
        {
            return;
        }

        if (returnedAt == _suspectedAt)
        {
            whenEnded();
            return;
        }

        // Checked twice, because the process may have been suspended before the first check.
        _suspectedAt = returnedAt;
        RunTimer();
    }
}
