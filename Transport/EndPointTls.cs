namespace AccioKestrel.Transport;

/// <summary>What the TLS of an endpoint asks of its clients.</summary>
internal enum EndPointTls
{
    /// <summary>The endpoint has no TLS.</summary>
    None,

    /// <summary>Only the server has a certificate.</summary>
    ServerCertificate,

    /// <summary>Clients must have a certificate too.</summary>
    BothCertificates,
}
