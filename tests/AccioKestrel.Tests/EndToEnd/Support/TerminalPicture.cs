using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace AccioKestrel.Tests.EndToEnd;

/// <summary>A terminal's screen as a picture for the documents: SVG, whose text can be selected, searched and compared.</summary>
internal static partial class TerminalPicture
{
    private const int ColumnWidth = 9;
    private const int RowHeight = 20;
    private const int Margin = 14;

    /// <param name="screen">Rows of text, in which escape sequences switch red on and off.</param>
    /// <param name="columns">The width of the terminal.</param>
    public static string Draw(string screen, int columns)
    {
        var rows = screen.TrimEnd('\n').Split('\n');
        var svg = new StringBuilder();
        svg.Append(
            CultureInfo.InvariantCulture,
            $"""<svg xmlns="http://www.w3.org/2000/svg" width="{(columns * ColumnWidth) + (2 * Margin)}" height="{(rows.Length * RowHeight) + (2 * Margin)}" font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="15" fill="#d8dee9">""").Append('\n');
        svg.Append("""<rect width="100%" height="100%" rx="8" fill="#1c2128"/>""").Append('\n');
        var isRed = false;
        for (var row = 0; row < rows.Length; row++)
        {
            svg.Append(CultureInfo.InvariantCulture, $"""<text x="{Margin}" y="{Margin + (row * RowHeight) + 15}" xml:space="preserve">""");
            foreach (var part in Parts().Split(rows[row]))
            {
                if (part.StartsWith('\e'))
                {
                    isRed = part is "\e[31m";
                }
                else if (part.Length > 0)
                {
                    var text = part.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal);
                    svg.Append(isRed ? $"""<tspan fill="#ff7b72">{text}</tspan>""" : text);
                }
            }

            svg.Append("</text>\n");
        }

        return svg.Append("</svg>\n").ToString();
    }

    [GeneratedRegex(@"(?<sequence>\e\[[0-9;]*m)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Parts();
}
