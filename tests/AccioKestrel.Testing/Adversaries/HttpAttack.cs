namespace AccioKestrel.Testing;

/// <summary>What a hostile client does to the status address.</summary>
public enum HttpAttack
{
    /// <summary>Connects, and sends nothing.</summary>
    Silence,

    /// <summary>Sends the beginning of a request.</summary>
    HalfHeader,

    /// <summary>Sends a request, and half of the body that it announces.</summary>
    HalfBody,

    /// <summary>Asks for the largest file again and again, and reads nothing.</summary>
    NoReading,

    /// <summary>Opens the event stream, and reads nothing of it.</summary>
    StuckViewer,

    /// <summary>Opens the event stream, and sends 1 MiB behind the request.</summary>
    MegabyteBehind,

    /// <summary>Sends a header byte by byte, without a pause.</summary>
    Drip,
}
