using System.Text;
using AccioKestrel.Interop;
using Spectre.Console;

namespace AccioKestrel.Terminal;

/// <summary>The terminals of standard output and standard error, usually one and the same.</summary>
internal sealed class Terminals : IDisposable
{
    private readonly bool _hasColour;

    private Terminals(bool isOutput, bool isError)
    {
        var capabilities = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new Capability(),
            Interactive = InteractionSupport.Yes,
            // The library would otherwise turn capabilities off if the environment looks like a CI service's. This is a terminal.
            Enrichment = new ProfileEnrichment { UseDefaultEnrichers = false },
        }).Profile.Capabilities;
        _hasColour = capabilities.Ansi && capabilities.ColorSystem is not ColorSystem.NoColors;
        if (isError)
        {
            Error = new TerminalWriter(bytes => Write(Libc.StandardError, bytes), capabilities.Ansi);
        }

        if (isOutput)
        {
            Output = Error is not null && Libc.IsSameTerminal(Libc.StandardOutput, Libc.StandardError)
                ? Error
                : new TerminalWriter(bytes => Write(Libc.StandardOutput, bytes), capabilities.Ansi);
        }
    }

    /// <summary>Writes to standard output's terminal; null if standard output is no terminal.</summary>
    public TerminalWriter? Output { get; }

    /// <summary>Writes to standard error's terminal; null if standard error is no terminal.</summary>
    public TerminalWriter? Error { get; }

    /// <summary>The current number of columns. Read it each time, because the window can change.</summary>
    public static int Width => Libc.TerminalWidth() is > 0 and var width ? width : 80;

    /// <returns>Null when neither standard output nor standard error is a terminal.</returns>
    public static Terminals? Find()
    {
        // Elsewhere than on Linux, the runtime's first read of the width writes to the terminal. It happens here, because a terminal that is
        // stopped later would block it.
        _ = Width;
        var (isOutput, isError) = (!Console.IsOutputRedirected, !Console.IsErrorRedirected);
        return isOutput || isError ? new Terminals(isOutput, isError) : null;
    }

    /// <summary>The text in red, on a terminal that shows colours.</summary>
    public string Red(string text) => _hasColour ? $"\e[31m{text}\e[0m" : text;

    public void Dispose()
    {
        Error?.Dispose();
        if (Output != Error)
        {
            Output?.Dispose();
        }
    }

    /// <summary>
    /// Not by the runtime, except on Windows: its streams hold the lock of <see cref="Console.Out"/> during a write, and
    /// <see cref="Console.WindowWidth"/>, by which other systems than Linux read the width, waits for that lock.
    /// </summary>
    private static void Write(int descriptor, byte[] bytes)
    {
        if (!OperatingSystem.IsWindows())
        {
            Libc.WriteAll(descriptor, bytes);
            return;
        }

        using var stream = descriptor is Libc.StandardError ? Console.OpenStandardError() : Console.OpenStandardOutput();
        stream.Write(bytes);
    }

    /// <summary>An output for the detection of capabilities only. Nothing is written to it.</summary>
    private sealed class Capability : IAnsiConsoleOutput
    {
        // On Windows the library enables control sequences for this console. On other systems Console.Error must not be used: the runtime
        // initialises it by writing control sequences to standard output.
        public TextWriter Writer => OperatingSystem.IsWindows() ? Console.Error : TextWriter.Null;

        public bool IsTerminal => true;

        public int Width => 80;

        public int Height => 24;

        public void SetEncoding(Encoding encoding)
        {
        }
    }
}
