namespace AccioKestrel.Diagnostics;

/// <summary>The log's categories. They are stable like event ids, because operators filter by them; they do not follow the types that log.</summary>
internal static class LogCategory
{
    /// <summary>The server as a whole.</summary>
    public const string Server = "AccioKestrel";

    /// <summary>Exchanges and their results.</summary>
    public const string Exchange = "AccioKestrel.AccioConnectionHandler";

    /// <summary>The listen socket, and accepts.</summary>
    public const string Listener = "AccioKestrel.SequentialListener";

    /// <summary>The listen socket of the status address.</summary>
    public const string StatusListener = "AccioKestrel.StatusListener";

    /// <summary>The file of results.</summary>
    public const string ResultsFile = "AccioKestrel.ResultsFile";

    /// <summary>TLS certificates.</summary>
    public const string Certificates = "AccioKestrel.TlsCertificates";

    /// <summary>Notifications to systemd.</summary>
    public const string Systemd = "AccioKestrel.SystemdNotification";
}
