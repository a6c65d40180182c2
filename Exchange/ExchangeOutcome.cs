using System.Globalization;

namespace AccioKestrel;

/// <summary>How an exchange ended: the file was counted, or why it was not.</summary>
/// <param name="Bytes">The file bytes received; the size of the file only if <paramref name="Failure"/> is null.</param>
/// <param name="Failure">What went wrong, or null when the whole file came.</param>
public readonly record struct ExchangeOutcome(long Bytes, ExchangeFailure? Failure)
{
    /// <summary>What the protocol has the server print: the number of file bytes in decimal, or <c>ERROR</c>.</summary>
    public override string ToString() => Failure is null ? Bytes.ToString(CultureInfo.InvariantCulture) : "ERROR";
}
