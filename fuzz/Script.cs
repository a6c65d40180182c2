namespace AccioKestrel.Fuzz;

/// <summary>What an input stands for: the server's options, and what its client does, step by step.</summary>
/// <remarks>
/// The first byte holds the options and the end, the second the limit of the file. Then follow steps: a length up to
/// <see cref="LongestPiece"/> with as many bytes, or a silence in seconds. What is missing at the end of the input is cut off.
/// </remarks>
internal sealed class Script
{
    private const int LongestPiece = 240;

    public Script(byte[] input)
    {
        var flags = input.Length > 0 ? input[0] : 0;
        Lenient = (flags & 1) != 0;
        Discards = (flags & 2) != 0;
        End = (ScriptEnd)((flags >> 2) & 3);
        MaxFileSize = (flags & 16) != 0 && input.Length > 1 ? input[1] : null;
        for (var at = 2; at < input.Length;)
        {
            int step = input[at++];
            if (step > LongestPiece)
            {
                Steps.Add((TimeSpan.FromSeconds(step - LongestPiece), default));
                continue;
            }

            var length = Math.Min(step, input.Length - at);
            if (length > 0)
            {
                Steps.Add((TimeSpan.Zero, input.AsMemory(at, length)));
            }

            at += length;
        }
    }

    public bool Lenient { get; }

    /// <summary>Whether the connection can discard; if not, the handler reads and forgets.</summary>
    public bool Discards { get; }

    public ScriptEnd End { get; }

    public long? MaxFileSize { get; }

    /// <summary>Each a silence or a piece of bytes.</summary>
    public List<(TimeSpan Silence, ReadOnlyMemory<byte> Bytes)> Steps { get; } = [];
}
