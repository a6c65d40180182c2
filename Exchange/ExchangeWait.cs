namespace AccioKestrel.Exchange;

/// <summary>
/// Ends a wait for the client: after too long a silence, when another limit of time is exceeded, or when the server requests the
/// close of the connection.
/// </summary>
/// <remarks>
/// The timer and the request only wake the wait. Whether it ends is decided after that, from the time of the last byte. So a byte that came
/// while the process was suspended is never mistaken for silence.
/// </remarks>
internal abstract class ExchangeWait : IDisposable
{
    /// <summary>
    /// Added to the idle time-out. The protocol forbids a time-out that is early and allows one that is half a second late. This is
    /// the middle, less the poll interval after which a blocked receive notices the time-out.
    /// </summary>
    private static readonly TimeSpan s_idleMargin = TimeSpan.FromMilliseconds(150);

    private readonly CancellationToken _closeRequested;
    private readonly TimeSpan _idleLimit;
    private readonly ITimer _timer;
    private readonly CancellationTokenRegistration _closing;

    /// <remarks>Can call <see cref="Wake"/> at once, so the fields that it uses must have initialisers: those run before this constructor.</remarks>
    protected ExchangeWait(ActiveExchange exchange, ExchangeLimits limits, TimeProvider time, CancellationToken closeRequested)
    {
        Exchange = exchange;
        Limits = limits;
        _closeRequested = closeRequested;
        _idleLimit = limits.IdleTimeout + s_idleMargin;
        // Started after the assignment: OnTimer uses the field, and behind a TLS handshake the timer can be due at once.
        _timer = time.CreateTimer(static wait => ((ExchangeWait)wait!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        CheckAfter(TimeSpan.FromTicks(Math.Max(0, Remaining.Ticks)));
        _closing = closeRequested.UnsafeRegister(static wait => ((ExchangeWait)wait!).Wake(), this);
    }

    public void Dispose()
    {
        _timer.Dispose();
        _closing.Dispose();
    }

    protected ActiveExchange Exchange { get; }

    protected ExchangeLimits Limits { get; }

    /// <summary>Wakes the wait, which then calls <see cref="Interruption"/>. Called on any thread, also when the wait can go on.</summary>
    protected abstract void Wake();

    /// <summary>How much longer the client may be silent; negative once it has been silent too long.</summary>
    private TimeSpan Remaining => _idleLimit - Exchange.Silence;

    /// <summary>Wakes the wait after this time, or when the idle time-out is due if that is earlier.</summary>
    protected void CheckWithin(TimeSpan time) => CheckAfter(Remaining is var remaining && remaining < time && remaining > TimeSpan.Zero ? remaining : time);

    /// <summary>What ends the exchange now, or null if it can wait on.</summary>
    protected ExchangeFailure? Interruption()
    {
        // A file goes on. When the host's shutdown time-out expires, Kestrel aborts the connection, and the read fails.
        if (_closeRequested.IsCancellationRequested && Exchange.Step is not ExchangeStep.File)
        {
            return ExchangeFailure.ServerStopped;
        }

        return Exchange.Silence >= _idleLimit ? ExchangeFailure.IdleTimeout : Limits.Exceeded(Exchange);
    }

    private void OnTimer()
    {
        // Set again even if the time-out is due: a byte may have come at the same moment, and the wait then goes on. Set before the
        // wake-up: a wait that goes on can ask for an earlier check, which this one must not replace.
        CheckAfter(Remaining is var remaining && remaining > TimeSpan.Zero ? remaining : _idleLimit);
        Wake();
    }

    /// <summary>Wakes the wait after this time; if there are other limits of time, after their check interval at the latest.</summary>
    private void CheckAfter(TimeSpan time) =>
        _timer.Change(Limits.AreTimed && time > ExchangeLimits.CheckInterval ? ExchangeLimits.CheckInterval : time, Timeout.InfiniteTimeSpan);
}
