using System.Text;

namespace AccioKestrel.Tests.EndToEnd;

/// <summary>The bytes of the protocol, written down once more: the tests must not learn them from the program.</summary>
internal static class Accio
{
    public const string Command = "accio\r\n";
    public const string FirstConfirmation = "confirm-accio\r\n";
    public const string SecondConfirmation = "confirm-accio-again\r\n\r\n";
    public const string Header = FirstConfirmation + SecondConfirmation;

    public static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);

    /// <summary>All that a client sends for a file of so many bytes, which do not look like anything.</summary>
    public static byte[] StreamOf(int fileSize) => [.. Bytes(Header), .. FileOf(fileSize)];

    public static byte[] FileOf(int size)
    {
        var file = new byte[size];
        new Random(size).NextBytes(file);
        return file;
    }
}
