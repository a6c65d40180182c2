namespace AccioKestrel;

/// <summary>Where an exchange is. The numbers are those of the steps of the protocol; the file has the last one.</summary>
public enum ExchangeStep
{
    /// <summary>The client and the server agree on TLS; only at an endpoint with TLS.</summary>
    TlsHandshake = 0,

    /// <summary>The server sends <c>accio\r\n</c>.</summary>
    FirstCommand = 1,

    /// <summary>The client sends <c>confirm-accio\r\n</c>.</summary>
    FirstConfirmation = 2,

    /// <summary>The server sends <c>accio\r\n</c> again.</summary>
    SecondCommand = 3,

    /// <summary>The client sends <c>confirm-accio-again\r\n\r\n</c>.</summary>
    SecondConfirmation = 4,

    /// <summary>The client sends the file.</summary>
    File = 5,
}
