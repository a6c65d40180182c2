namespace AccioKestrel.Fuzz;

/// <summary>Makes inputs out of others, by chance.</summary>
internal sealed class Mutator(Random random)
{
    // Long enough for the header a byte at a time, and a file.
    private const int LongestInput = 400;

    /// <summary>What chance would need ages to spell: pieces of the protocol as steps of a script.</summary>
    private static readonly byte[][] s_words =
    [
        Step("confirm-accio\r\n"), Step("confirm-accio-again\r\n\r\n"), Step("confirm-accio-again\r\n"), Step("\r\n"), Step("\r"), Step("accio\r\n"),
        Step("confirm-accio\r\nconfirm-accio-again\r\n\r\n"), Step("confirm-accio\r\nconfirm-accio-again\r\nx"), Step("confirm-accio\r"), [241], [242], [250], [251],
    ];

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
                    // The options: else they would hardly ever change in a long input.
                    input[0] = (byte)random.Next(32);
                    break;
            }
        }

        return [.. input.Take(LongestInput)];
    }

    private static byte[] Step(string text) => [(byte)text.Length, .. text.Select(character => (byte)character)];
}
