using System.Text;

namespace AccioKestrel.Terminal;

/// <summary>Passes the log's lines to the terminal, all lines of a flush together.</summary>
internal sealed class TerminalLog(TerminalWriter terminal) : TextWriter
{
    private readonly StringBuilder _lines = new();

    public override Encoding Encoding => Encoding.UTF8;

    public override void Write(char value) => _lines.Append(value);

    public override void Write(ReadOnlySpan<char> buffer) => _lines.Append(buffer);

    public override void Write(string? value) => _lines.Append(value);

    public override void Flush()
    {
        if (_lines.Length > 0)
        {
            terminal.WriteLog(_lines);
            _lines.Clear();
        }
    }
}
