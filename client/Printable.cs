namespace AccioKestrel.Client;

/// <summary>Escapes text from outside, such as a server's bytes or a file's name, so that it cannot control the user's terminal.</summary>
internal static class Printable
{
    public static string Of(string text) => string.Concat(text.Select(letter => char.IsControl(letter) ? Escape(letter) : $"{letter}"));

    public static string Ascii(string text) =>
        string.Concat(text.Select(letter => char.IsAscii(letter) && !char.IsControl(letter) ? $"{letter}" : Escape(letter)));

    private static string Escape(char letter) => $"\\x{(int)letter:X2}";
}
