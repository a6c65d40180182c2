namespace AccioKestrel.Transport;

/// <summary>Pauses between accepts while descriptors or memory are short: a retry at once would burn the processor.</summary>
internal struct Backoff
{
    // Long enough not to spin, short enough that no client waits noticeably once resources are back.
    public static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(1);

    private TimeSpan _last;

    /// <summary>How many accepts have failed in a row.</summary>
    public int Failures { get; private set; }

    /// <summary>Counts a failure.</summary>
    /// <returns>How long to wait before the next accept: each time twice as long, up to a second.</returns>
    public TimeSpan Next()
    {
        Failures++;
        _last = _last == default ? Shortest : _last * 2 < s_longest ? _last * 2 : s_longest;
        return _last;
    }
}
