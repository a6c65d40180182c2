namespace AccioKestrel.Testing;

/// <summary>The other side of a connection did something else than the protocol has it do. It depends on no test framework.</summary>
internal sealed class PeerException(string expected, string seen) : Exception($"Expected: {expected}\nSeen: {seen}")
{
    /// <summary>What is seen where the other side has closed the connection.</summary>
    public const string End = "the end of the connection";

    public string Expected { get; } = expected;

    public string Seen { get; } = seen;

    /// <summary>Throws unless these are the bytes.</summary>
    public static void ThrowUnlessEqual(string expected, string seen)
    {
        if (!string.Equals(expected, seen, StringComparison.Ordinal))
        {
            throw new PeerException(Accio.Printable(expected), seen.Length == 0 ? End : Accio.Printable(seen));
        }
    }
}
