namespace AccioKestrel.Fuzz;

/// <summary>How the client ends, or what ends it.</summary>
internal enum ScriptEnd
{
    /// <summary>It ends its sending side.</summary>
    HalfClose,

    /// <summary>It resets the connection.</summary>
    Reset,

    /// <summary>It is silent for good.</summary>
    Silence,

    /// <summary>The server stops, and its grace is over.</summary>
    Stop,
}
