namespace AccioKestrel;

/// <summary>Why an exchange ended with <c>ERROR</c>.</summary>
public enum ExchangeFailure
{
    /// <summary>No byte came from the client for longer than <see cref="AccioOptions.IdleTimeout"/>.</summary>
    IdleTimeout,

    /// <summary>The client sent a byte that its confirmation does not have at that place.</summary>
    WrongByte,

    /// <summary>The client ended its sending side before its second confirmation was complete.</summary>
    EndedEarly,

    /// <summary>The connection was reset, or broke in another way.</summary>
    Reset,

    /// <summary>The server was told to stop, and the exchange had not ended: before the file it is ended at once, a file has the grace period.</summary>
    ServerStopped,

    /// <summary>The file came in slower than <see cref="AccioOptions.MinDataRate"/>.</summary>
    TooSlow,

    /// <summary>The confirmations took longer than <see cref="AccioOptions.HandshakeTimeout"/>.</summary>
    HandshakeTimeout,

    /// <summary>The exchange took longer than <see cref="AccioOptions.MaxExchangeDuration"/>.</summary>
    TooLong,

    /// <summary>The file has more bytes than <see cref="AccioOptions.MaxFileSize"/>.</summary>
    TooLarge,

    /// <summary>A defect of the server ended the exchange. The log has the exception.</summary>
    Defect,
}
