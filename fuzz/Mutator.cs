namespace AccioKestrel.Fuzz;

/// <summary>Makes new inputs by random changes of others.</summary>
internal sealed class Mutator(Random random)
{
    // Long enough for the header a byte at a time, and a file.
    private const int LongestInput = 400;

    /// <summary>PROXY headers: both versions, both families, with fields behind the addresses, and of the balancer's own connections.</summary>
    private static readonly byte[][] s_headers =
    [
        Step("PROXY TCP4 192.0.2.7 198.51.100.1 40222 5000\r\n"), Step("PROXY TCP6 2001:db8::7 ::1 65535 0\r\n"), Step("PROXY UNKNOWN\r\n"),
        Step("PROXY TCP4 10.0.0.5 10.0.0.6 1000 5000\r\n"), Step("\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"), Step("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x13\xC0\0\x02\a\x0A\0\0\x06\x9D\x1E\x13\x88\x04\0\x04test"),
        Step("\r\n\r\n\0\r\nQUIT\n\x21\x21\0\x24" + new string('\x20', 36)), Step("\r\n\r\n\0\r\nQUIT\n\x21\x31\0\xD8" + new string('u', 216)),
    ];

    /// <summary>Pieces of the protocol as steps of a script. Random changes alone would take too long to find them.</summary>
    private static readonly byte[][] s_words =
    [
        Step("confirm-accio\r\n"), Step("confirm-accio-again\r\n\r\n"), Step("confirm-accio-again\r\n"), Step("\r\n"), Step("\r"), Step("accio\r\n"),
        Step("confirm-accio\r\nconfirm-accio-again\r\n\r\n"), Step("confirm-accio\r\nconfirm-accio-again\r\nx"), Step("confirm-accio\r"), [241], [242], [250], [251],
        .. s_headers,
    ];

    /// <summary>The input with each PROXY header in front of its steps.</summary>
    public static IEnumerable<byte[]> WithHeaders(byte[] input) =>
        s_headers.Select(header => (byte[])[.. input.Take(2), .. new byte[Math.Max(0, 2 - input.Length)], .. header, .. input.Skip(2)]);

    public byte[] Mutate(IReadOnlyList<byte[]> inputs)
    {
        var input = new List<byte>(inputs[random.Next(inputs.Count)]);
        for (var times = 1 << random.Next(5); times > 0; times--)
        {
            var at = random.Next(input.Count + 1);
            var length = random.Next(Math.Min(input.Count - at, 16) + 1);
            switch (random.Next(8))
            {
                case 0 when at < input.Count:
                    input[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1 when at < input.Count:
                    input[at] = (byte)random.Next(256);
                    break;
                case 2:
                    input.Insert(at, (byte)random.Next(256));
                    break;
                case 3:
                    input.RemoveRange(at, length);
                    break;
                case 4:
                    input.InsertRange(at, input.GetRange(at, length));
                    break;
                case 5:
                    input.InsertRange(at, s_words[random.Next(s_words.Length)]);
                    break;
                case 6:
                    var other = inputs[random.Next(inputs.Count)];
                    input.RemoveRange(at, input.Count - at);
                    input.AddRange(other[Math.Min(at, other.Length)..]);
                    break;
                case 7 when input.Count > 0:
                    // The option bytes, which random changes of a long input would hardly ever reach.
                    input[0] = (byte)random.Next(32);
                    break;
            }
        }

        return [.. input.Take(LongestInput)];
    }

    private static byte[] Step(string text) => [(byte)text.Length, .. text.Select(character => (byte)character)];
}
