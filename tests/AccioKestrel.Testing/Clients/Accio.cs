using System.Globalization;
using System.Text;

namespace AccioKestrel.Testing;

/// <summary>The bytes of the protocol, written down once more: the tests must not learn them from the program.</summary>
internal static class Accio
{
    public const string Command = "accio\r\n";
    public const string FirstConfirmation = "confirm-accio\r\n";
    public const string SecondConfirmation = "confirm-accio-again\r\n\r\n";
    public const string Header = FirstConfirmation + SecondConfirmation;

    public static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);

    /// <summary>Bytes as a reader of a message can see them: what is no printable ASCII is escaped.</summary>
    public static string Printable(string text)
    {
        var printable = new StringBuilder();
        foreach (var character in text)
        {
            _ = character switch
            {
                '\r' => printable.Append("\\r"),
                '\n' => printable.Append("\\n"),
                >= ' ' and <= '~' => printable.Append(character),
                _ => printable.Append("\\x").Append(((int)character).ToString("X2", CultureInfo.InvariantCulture)),
            };
        }

        return printable.ToString();
    }

    /// <summary>All that a client sends for a file of so many bytes, which do not look like anything.</summary>
    public static byte[] StreamOf(int fileSize) => [.. Bytes(Header), .. FileOf(fileSize)];

    public static byte[] FileOf(int size)
    {
        // A large file is made from one piece: to make all of it would take longer than to send it.
        const int piece = 64 * 1024;
        var file = new byte[size];
        new Random(size).NextBytes(file.AsSpan(0, Math.Min(size, piece)));
        for (var filled = piece; filled < size; filled += piece)
        {
            file.AsSpan(0, Math.Min(piece, size - filled)).CopyTo(file.AsSpan(filled));
        }

        return file;
    }
}
