namespace AccioKestrel.Server;

/// <summary>Reads a file of settings or certificates whole, unless it is larger than any of them: one such as /dev/zero has no end.</summary>
internal static class SmallFile
{
    private const int LargestBytes = 1024 * 1024;

    /// <exception cref="IOException">It has more than 1 MiB, or cannot be read.</exception>
    public static byte[] Read(string file)
    {
        using var stream = File.OpenRead(file);
        var bytes = new byte[4096];
        var length = 0;
        while (stream.Read(bytes, length, bytes.Length - length) is > 0 and var count)
        {
            length += count;
            if (length > LargestBytes)
            {
                throw new IOException($"{file} has more than 1 MiB.");
            }

            if (length == bytes.Length)
            {
                Array.Resize(ref bytes, length * 2);
            }
        }

        return bytes[..length];
    }
}
