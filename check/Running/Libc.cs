using System.Globalization;
using System.Runtime.InteropServices;

namespace AccioKestrel.Checker;

/// <summary>The calls of the C library that .NET does not offer.</summary>
internal static partial class Libc
{
    public const int Interrupt = 2;
    public const int Quit = 3;
    public const int Kill = 9;
    public const int Terminate = 15;

    /// <param name="process">A process, or with a minus sign a process group.</param>
    /// <param name="signal">The signal's Linux number.</param>
    [LibraryImport("libc", EntryPoint = "kill")]
    public static partial int SendSignal(int process, int signal);

    /// <summary>
    /// A shell without job control starts its background jobs with SIGINT and SIGQUIT ignored, and what they start inherits that. A program
    /// under check must not: it would not end by a signal that it does nothing about.
    /// </summary>
    public static void StopIgnoringSignals()
    {
        _ = SetDisposition(Interrupt, handler: 0);
        _ = SetDisposition(Quit, handler: 0);
    }

    /// <summary>Whether this program was started to go on without its terminal, as <c>nohup</c> does.</summary>
    public static bool IsHangupIgnored => File.ReadLines("/proc/self/status").FirstOrDefault(line => line.StartsWith("SigIgn:", StringComparison.Ordinal)) is { } line
        && (ulong.Parse(line.AsSpan("SigIgn:".Length).Trim(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) & 1) != 0;

    [LibraryImport("libc", EntryPoint = "signal")]
    private static partial nint SetDisposition(int signal, nint handler);
}
