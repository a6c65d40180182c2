namespace AccioKestrel.Transport;

/// <summary>
/// Counts the steps of the thread that serves clients: accepts, and each time a wait for a client or for the reader of results comes
/// round. While there is work, a count that stands still is a hung server, and one that grows is a server that waits.
/// </summary>
internal sealed class Heartbeat
{
    private long _beats;

    public long Beats => Volatile.Read(ref _beats);

    /// <summary>Not interlocked, because this is in the path of every receive. A beat that a second thread overwrites is no loss: the count still changes.</summary>
    public void Beat() => Volatile.Write(ref _beats, _beats + 1);
}
