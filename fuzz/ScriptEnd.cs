namespace AccioKestrel.Fuzz;

/// <summary>How the client ends, or what ends it.</summary>
internal enum ScriptEnd
{
    /// <summary>The client ends its sending side.</summary>
    HalfClose,

    /// <summary>The client resets the connection.</summary>
    Reset,

    /// <summary>The client is silent until the server ends the exchange.</summary>
    Silence,

    /// <summary>The server stops, and the grace period has expired.</summary>
    Stop,
}
