namespace AccioKestrel.Transport;

/// <summary>Pauses between accepts while descriptors or memory are short: a retry at once would burn the processor.</summary>
internal struct Backoff
{
    // Long enough not to spin, short enough that no client waits noticeably once resources are back.
    public static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(1);

    /// <summary>How many accepts have failed in a row.</summary>
    public int Failures { get; private set; }

    /// <summary>How long to wait before the next accept: nothing before the first failure, then twice as long after each, up to a second.</summary>
    public TimeSpan Pause { get; private set; }

    /// <summary>Counts a failure.</summary>
    public void Fail()
    {
        Failures++;
        Pause = Pause == default ? Shortest : Pause * 2 < s_longest ? Pause * 2 : s_longest;
    }
}
