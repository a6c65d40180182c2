namespace AccioKestrel;

/// <summary>The bytes and times of the Accio protocol, as the course publishes them.</summary>
internal static class AccioProtocol
{
    /// <summary>What the server says, twice: 7 bytes.</summary>
    public static readonly ReadOnlyMemory<byte> Command = "accio\r\n"u8.ToArray();

    /// <summary>The client's answer to the first command: 15 bytes.</summary>
    public static readonly ReadOnlyMemory<byte> FirstConfirmation = "confirm-accio\r\n"u8.ToArray();

    /// <summary>The client's answer to the second command, without the blank line that ends it: 21 bytes.</summary>
    public static readonly ReadOnlyMemory<byte> SecondConfirmation = "confirm-accio-again\r\n"u8.ToArray();

    /// <summary>The blank line after the second confirmation: 2 bytes. The file begins behind it.</summary>
    public static readonly ReadOnlyMemory<byte> BlankLine = "\r\n"u8.ToArray();

    /// <summary>
    /// How long a lenient server waits for the first confirmation before it sends the second command unasked.
    /// Published clients that wait for both commands first need it; those that do not have answered long before.
    /// </summary>
    public static readonly TimeSpan LenientPatience = TimeSpan.FromSeconds(2);
}
