namespace AccioKestrel.Fuzz;

/// <summary>The meaning of an input: the server's options, and the client's steps.</summary>
/// <remarks>
/// The first byte holds the options and the end, the second the limit of the file. Then follow steps: a length up to
/// <see cref="LongestPiece"/> with as many bytes, or a silence in seconds. A step that is longer than the rest of the input is shortened.
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

    private Script(Script whole) => (Lenient, Discards, End, MaxFileSize) = (whole.Lenient, whole.Discards, whole.End, whole.MaxFileSize);

    public bool Lenient { get; }

    /// <summary>Whether the connection can discard. If not, the handler reads and counts.</summary>
    public bool Discards { get; }

    public ScriptEnd End { get; }

    public long? MaxFileSize { get; }

    /// <summary>Each a silence or a piece of bytes.</summary>
    public List<(TimeSpan Silence, ReadOnlyMemory<byte> Bytes)> Steps { get; } = [];

    /// <summary>The script that is left after so many steps.</summary>
    /// <param name="steps">The steps that are over.</param>
    /// <param name="unread">The last bytes of these steps, which belong to the rest.</param>
    public Script After(int steps, ReadOnlyMemory<byte> unread)
    {
        var rest = new Script(this);
        if (!unread.IsEmpty)
        {
            rest.Steps.Add((TimeSpan.Zero, unread));
        }

        rest.Steps.AddRange(Steps[steps..]);
        return rest;
    }
}
