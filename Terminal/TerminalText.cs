using System.Text;
using AccioKestrel.Interop;

namespace AccioKestrel.Terminal;

/// <summary>Wraps lines at blanks. A terminal would wrap them inside words.</summary>
internal static class TerminalText
{
    /// <summary>The indent of all rows but the first: only results of the server begin in the first column.</summary>
    public const string Indent = "  ";

    /// <summary>The text wrapped for standard error's terminal, or unchanged if standard error is no terminal.</summary>
    public static string Wrap(string text) => Wrap(text, Libc.TerminalWidth());

    /// <param name="text">One line, which may begin with blanks.</param>
    /// <param name="width">The columns of the terminal, or 0 without a terminal.</param>
    public static string Wrap(string text, int width)
    {
        if (width <= 0 || text.Length <= width)
        {
            return text;
        }

        var rows = new StringBuilder();
        var start = text.Length - text.AsSpan().TrimStart().Length;
        for (var room = width; text.Length > room; room = Math.Max(width - Indent.Length, 1), start = 0)
        {
            // A word that is longer than the row is broken inside.
            var end = text.LastIndexOf(' ', room) is var blank && blank > start ? blank : room;
            rows.Append(text.AsSpan(0, end).TrimEnd()).Append('\n').Append(Indent);
            text = text[end..].TrimStart();
        }

        return rows.Append(text).ToString();
    }
}
