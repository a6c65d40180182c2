namespace AccioKestrel.Exchange;

/// <summary>
/// A connection feature of endpoints with TLS. The endpoint's middleware sets it, and the handler runs the handshake as part of the
/// client's turn, within the limits of the exchange.
/// </summary>
internal interface ITlsHandshake
{
    /// <summary>Runs the TLS handshake. Afterwards the connection's transport reads and writes the decrypted bytes.</summary>
    /// <param name="cancellationToken">Ends the handshake, also while the client keeps sending parts of it.</param>
    Task ShakeHandsAsync(CancellationToken cancellationToken);
}
