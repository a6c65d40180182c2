using System.Text;

namespace AccioKestrel.Checker;

/// <summary>The files that are sent.</summary>
internal static class Files
{
    private const string Line = "Accio, the summoning charm, brings an object to the caster, whatever its size may be.\n";

    /// <summary>Plain text, for which a mistake with other bytes does not matter.</summary>
    public static byte[] Text(int size)
    {
        var file = new byte[size];
        var line = Encoding.ASCII.GetBytes(Line);
        for (var filled = 0; filled < size; filled += line.Length)
        {
            line.AsSpan(0, Math.Min(line.Length, size - filled)).CopyTo(file.AsSpan(filled));
        }

        return file;
    }

    /// <summary>Each byte value, bytes that are no UTF-8, NULs and line ends.</summary>
    public static byte[] Binary(int size)
    {
        var file = new byte[size];
        for (var index = 0; index < size; index++)
        {
            file[index] = (byte)(255 - (index % 256));
        }

        return file;
    }
}
