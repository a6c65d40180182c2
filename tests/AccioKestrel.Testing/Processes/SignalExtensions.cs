using System.Runtime.InteropServices;

namespace AccioKestrel.Testing;

internal static class SignalExtensions
{
    private const int DefaultDisposition = 0;

    public static void SendTo(this Signal signal, int process)
    {
        Needs.Linux("signals, by their numbers there");
        Assert.Equal(0, Kill(process, (int)signal));
    }

    /// <summary>
    /// A shell without job control starts its background jobs with SIGINT and SIGQUIT ignored, and what they start inherits that. If the
    /// tests are such a job, their own children must not be.
    /// </summary>
    public static void StopIgnoring()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        _ = SetDisposition((int)Signal.Interrupt, DefaultDisposition);
        _ = SetDisposition((int)Signal.Quit, DefaultDisposition);
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int process, int signal);

    [DllImport("libc", EntryPoint = "signal")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint SetDisposition(int signal, nint disposition);
}
