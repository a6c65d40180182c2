using System.Text;

namespace AccioKestrel.Server;

/// <summary>Escapes control characters: text from the operator must stay on one line, and must not control the terminal.</summary>
internal static class OneLine
{
    public static string Of(string text)
    {
        var line = new StringBuilder();
        foreach (var c in text)
        {
            _ = c switch
            {
                '\n' => line.Append("\\n"),
                '\r' => line.Append("\\r"),
                _ when char.IsControl(c) => line.Append("\\u").Append(((int)c).ToString("x4", null)),
                _ => line.Append(c),
            };
        }

        return line.ToString();
    }
}
