using System.Text;
using Spectre.Console;

namespace AccioKestrel;

/// <summary>Writes text above the line that is being redrawn, if there is one.</summary>
internal sealed class TerminalWriter(IAnsiConsole console) : TextWriter
{
    public override Encoding Encoding => Encoding.UTF8;

    public override void Write(char value) => Write([value]);

    public override void Write(ReadOnlySpan<char> buffer) => console.Write(new Text(buffer.ToString()) { Overflow = Overflow.Fold });

    public override void Write(string? value) => Write(value.AsSpan());
}
