namespace AccioKestrel.Transport;

/// <summary>
/// Counts the passes of the loops in which the serving thread accepts, receives, sends, or waits for the reader of results. While there are
/// clients, a count that stands still is a hung server, and one that grows is a server that waits.
/// </summary>
internal sealed class Heartbeat
{
    private long _beats;

    public long Beats => Volatile.Read(ref _beats);

    /// <summary>Not interlocked, because this is in the path of every receive. A beat that a second thread overwrites is no loss: the count still changes.</summary>
    public void Beat() => Volatile.Write(ref _beats, _beats + 1);
}
