namespace AccioKestrel.Transport;

/// <summary>What a failed accept means for the listener.</summary>
internal enum AcceptError
{
    /// <summary>The client's connection broke while it waited. The next client can be accepted.</summary>
    Client,

    /// <summary>Descriptors or memory are short. The client keeps its place in the queue until a retry succeeds.</summary>
    Shortage,

    /// <summary>The listen socket is closed or unusable. No retry can succeed.</summary>
    ListenerGone,
}
