using System.Runtime.InteropServices;
using AccioKestrel.Interop;

namespace AccioKestrel.Terminal;

/// <summary>Writes the message of a fatal error to standard error, without the log.</summary>
internal static class StandardError
{
    /// <summary>How long to wait until the reader of standard error makes room for the message.</summary>
    private static readonly TimeSpan s_limit = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// Writes the message behind <c>ERROR:</c>. If standard error is closed, full, or not being read, the message is lost and only the
    /// exit code reports the failure.
    /// </summary>
    public static void Write(string message) => WriteLine($"ERROR: {message}");

    /// <summary>Writes a line. Works before the log exists.</summary>
    public static void WriteLine(string text)
    {
        if (!Libc.IsInherited(Libc.StandardError)
            || (!OperatingSystem.IsWindows() && !Libc.WaitUntilWritable(Libc.StandardError, s_limit)))
        {
            return;
        }

        // In one write, so that lines of other writers do not mix with it.
        var bytes = Console.OutputEncoding.GetBytes($"{TerminalText.Wrap(text)}\n");
        if (OperatingSystem.IsWindows())
        {
            // WaitAny does not throw: if the write fails, the message is lost, as below.
            _ = Task.WaitAny([Kernel32.WriteAsync(Libc.StandardError, bytes)], s_limit);
            return;
        }

        ReadOnlySpan<byte> line = bytes;
        // Not by Console, which opens another descriptor first: a lack of descriptors is one of the errors to report.
        while (!line.IsEmpty)
        {
            var written = (int)Libc.Write(Libc.StandardError, line, line.Length);
            if (written < 0 && Marshal.GetLastPInvokeError() != Libc.EINTR)
            {
                // Standard error is full, or closed by its reader. Failing here would hide the original error.
                return;
            }

            line = line[Math.Max(written, 0)..];
        }
    }
}
