using System.Runtime.InteropServices;
using AccioKestrel.Interop;
using AccioKestrel.Terminal;

namespace AccioKestrel.Client;

/// <summary>Writes messages to standard error. A message that cannot be written never changes what the client does.</summary>
internal static class StandardError
{
    /// <summary>False if the client was started with standard error closed. Descriptor 2 is then a file of the runtime, or the connection.</summary>
    public static bool IsOpen { get; } = Libc.IsInherited(Libc.StandardError);

    /// <summary>
    /// Whether a write of zero bytes fails for lack of space, as on <c>/dev/full</c>. A terminal that is gone does not count: a client in
    /// the background goes on without it.
    /// </summary>
    public static bool IsFull =>
        IsOpen && OperatingSystem.IsLinux() && Libc.Write(Libc.StandardError, [], 0) < 0 && Marshal.GetLastPInvokeError() == Libc.ENOSPC;

    /// <summary>Writes one line, wrapped to the width of a terminal.</summary>
    public static void WriteLine(string text)
    {
        if (!IsOpen)
        {
            return;
        }

        try
        {
            Console.Error.WriteLine(TerminalText.Wrap(text));
        }
        catch (IOException)
        {
            // Standard error is full, or its terminal is gone. Only the exit code reports the failure.
        }
    }

    /// <summary>Writes the message of a failure.</summary>
    public static void WriteError(string message) => WriteLine($"ERROR: {message}");
}
