using System.Buffers;

namespace AccioKestrel.Exchange;

/// <summary>The first byte of a confirmation that differs from the protocol, and the likely mistake behind it.</summary>
/// <param name="Confirmation">The confirmation, as it is named in messages.</param>
/// <param name="Position">Its place in the confirmation, counted from 1.</param>
/// <param name="Expected">The byte that the protocol has at that place.</param>
/// <param name="Actual">The byte that the client sent. No other byte of the client is kept.</param>
/// <param name="Hint">What to change in the client, or null if the mistake is not a known one.</param>
internal sealed record WrongByte(string Confirmation, int Position, byte Expected, byte Actual, string? Hint)
{
    /// <summary>How many bytes are examined to recognise a mistake: enough for the longest HTTP method and a space.</summary>
    private const int LookedAt = 8;

    private static readonly byte[][] s_httpMethods =
        [.. ((string[])["GET ", "HEAD ", "POST ", "PUT ", "DELETE ", "OPTIONS ", "CONNECT ", "PATCH ", "TRACE ", "PRI * "]).Select(method => method.Select(letter => (byte)letter).ToArray())];

    /// <param name="step">The step that expects the confirmation.</param>
    /// <param name="taken">How many bytes of the confirmation came before.</param>
    /// <param name="received">What follows them, different from <paramref name="expected"/> somewhere.</param>
    /// <param name="expected">What should follow them.</param>
    public static WrongByte Find(ExchangeStep step, int taken, ReadOnlySequence<byte> received, ReadOnlySpan<byte> expected)
    {
        Span<byte> bytes = stackalloc byte[AccioProtocol.SecondConfirmation.Length + LookedAt];
        var length = (int)Math.Min(bytes.Length, received.Length);
        received.Slice(0, length).CopyTo(bytes);
        bytes = bytes[..length];
        var same = bytes.CommonPrefixLength(expected);
        var wrong = bytes[same..];
        return new WrongByte(
            ExchangeWords.Confirmation(step), taken + same + 1, expected[same], wrong[0], FindHint(step, taken + same, expected[same], wrong));
    }

    public override string ToString() =>
        $"byte {Position} of {Confirmation} is {Escape(Actual)}, expected {Escape(Expected)}{(Hint is null ? "" : $" ({Hint})")}";

    private static string? FindHint(ExchangeStep step, int taken, byte expected, ReadOnlySpan<byte> wrong)
    {
        var isSecond = step is ExchangeStep.SecondConfirmation;
        return (char)expected switch
        {
            '\r' when wrong[0] == '\n' => @"end each line with \r\n, not with \n alone; with netcat, use -C",
            '\r' or '\n' when isSecond && taken >= AccioProtocol.SecondConfirmationLine.Length =>
                @"the empty line is missing: confirm-accio-again ends with \r\n\r\n; a lenient server also accepts it without",
            '\r' when wrong[0] == '\\' => @"\r and \n stand for the bytes 13 and 10; the client sends them as letters",
            '\r' when wrong[0] is (byte)' ' or (byte)'\t' =>
                $@"white space stands at the end of the line; {ExchangeWords.Confirmation(step)} is followed directly by \r\n",
            '\r' when !isSecond && wrong[0] == '-' => "confirm-accio-again is the answer to the second accio; the first one is confirm-accio",
            _ when taken == 0 && isSecond && wrong[0] is (byte)'\r' or (byte)'\n' =>
                @"confirm-accio ends with one \r\n; confirm-accio-again follows it directly",
            _ when taken == 0 && wrong[0] is (byte)'\r' or (byte)'\n' => "an empty line comes before confirm-accio; send it without one",
            _ when wrong[0] == '\0' => "no confirmation has a zero byte; send a C string without its end, and no UTF-16",
            _ when char.ToLowerInvariant((char)wrong[0]) == expected => "the confirmations are in lower case",
            _ when taken == 0 && !isSecond && wrong is [0x16, 0x03, ..] => "the client speaks TLS, and this port does not",
            _ when taken == 0 && !isSecond && IsHttp(wrong) => "this is an HTTP request; this port speaks Accio",
            _ when taken == 0 && !isSecond && wrong is [0xEF, 0xBB, 0xBF, ..] => "a byte order mark comes before confirm-accio; send its bytes alone",
            _ when taken == 0 && isSecond => "the second accio is answered by confirm-accio-again; the file comes after it",
            _ when taken == 0 => "an exchange begins with confirm-accio; the file comes after both confirmations",
            _ => null,
        };
    }

    private static bool IsHttp(ReadOnlySpan<byte> bytes)
    {
        foreach (var method in s_httpMethods)
        {
            if (bytes.StartsWith(method))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The byte as a C# or Python programmer writes it. Escaped, because a client's bytes must not control the terminal.</summary>
    private static string Escape(byte value) => (char)value switch
    {
        '\r' => @"\r",
        '\n' => @"\n",
        '\t' => @"\t",
        '\0' => @"\0",
        // By name: a terminal could break the line at a space in quotes.
        ' ' => "a space",
        >= ' ' and <= '~' and var letter => $"'{letter}'",
        _ => $@"\x{value:X2}",
    };
}
