using Spectre.Console;

namespace AccioKestrel;

/// <summary>The terminal that standard error is: everything that is written to it goes by here, so that nothing is written into a line that is being redrawn.</summary>
internal sealed class Terminal : IAnsiConsoleOutput
{
    private Terminal()
    {
        Console = AnsiConsole.Create(new AnsiConsoleSettings { Out = this, Interactive = InteractionSupport.Yes });
        Writer = new TerminalWriter(Console);
    }

    public IAnsiConsole Console { get; }

    /// <summary>For text that comes as it is, such as log lines.</summary>
    public TextWriter Writer { get; }

    TextWriter IAnsiConsoleOutput.Writer => System.Console.Error;

    bool IAnsiConsoleOutput.IsTerminal => true;

    // Asked for anew for each line that is drawn, so a change of the window's size shows at once. The framework would look
    // at standard output, which may be a file.
    int IAnsiConsoleOutput.Width => Libc.TerminalWidth(Libc.StandardError) is > 0 and var width ? width : 80;

    int IAnsiConsoleOutput.Height => 24;

    /// <returns>Null when standard error is not a terminal, or one that cannot redraw a line.</returns>
    public static Terminal? Find()
    {
        if (System.Console.IsErrorRedirected)
        {
            return null;
        }

        var terminal = new Terminal();
        return terminal.Console.Profile.Capabilities.Ansi ? terminal : null;
    }

    void IAnsiConsoleOutput.SetEncoding(System.Text.Encoding encoding)
    {
    }
}
