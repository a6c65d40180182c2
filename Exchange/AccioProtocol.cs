namespace AccioKestrel.Exchange;

/// <summary>The bytes of the Accio protocol, as the course publishes them, and what a lenient server adds.</summary>
internal static class AccioProtocol
{
    /// <summary>What the server sends, twice: 7 bytes.</summary>
    public static readonly ReadOnlyMemory<byte> Command = "accio\r\n"u8.ToArray();

    /// <summary>The client's answer to the first command: 15 bytes.</summary>
    public static readonly ReadOnlyMemory<byte> FirstConfirmation = "confirm-accio\r\n"u8.ToArray();

    /// <summary>The client's answer to the second command, a line and an empty line: 23 bytes. The file begins after it.</summary>
    public static readonly ReadOnlyMemory<byte> SecondConfirmation = "confirm-accio-again\r\n\r\n"u8.ToArray();

    /// <summary>The empty line at the end of the second confirmation: 2 bytes.</summary>
    public static readonly ReadOnlyMemory<byte> EmptyLine = SecondConfirmation[^2..];

    /// <summary>The second confirmation without its empty line: 21 bytes. A lenient server takes it for complete.</summary>
    public static readonly ReadOnlyMemory<byte> SecondConfirmationLine = SecondConfirmation[..^2];

    /// <summary>
    /// How long a lenient server waits for the first confirmation before it sends the second command unasked.
    /// Clients that wait for both commands need it. All others have answered long before.
    /// </summary>
    public static readonly TimeSpan LenientTimeout = TimeSpan.FromSeconds(2);
}
