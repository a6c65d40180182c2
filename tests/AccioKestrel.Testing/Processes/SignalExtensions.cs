using System.Runtime.InteropServices;

namespace AccioKestrel.Testing;

internal static class SignalExtensions
{
    private const int DefaultDisposition = 0;
    private const int Ignored = 1;

    private static readonly List<PosixSignalRegistration> s_ignoring = [];

    public static void SendTo(this Signal signal, int process)
    {
        Needs.Linux("signals, by their numbers there");
        Assert.Equal(0, Kill(process, (int)signal));
    }

    /// <summary>
    /// A shell without job control starts its background jobs with SIGINT and SIGQUIT ignored, and nohup its command with SIGHUP ignored. What
    /// they start inherits that. If the tests are such a job, they go on ignoring these signals, but their own children do not.
    /// </summary>
    public static void IgnoreForThisProcessAlone()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        (Signal Number, PosixSignal Name)[] signals = [(Signal.Hangup, PosixSignal.SIGHUP), (Signal.Interrupt, PosixSignal.SIGINT), (Signal.Quit, PosixSignal.SIGQUIT)];
        foreach (var (number, name) in signals)
        {
            if (SetDisposition((int)number, DefaultDisposition) == Ignored)
            {
                // A handler, unlike an ignored signal, is not inherited.
                s_ignoring.Add(PosixSignalRegistration.Create(name, context => context.Cancel = true));
            }
        }
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int process, int signal);

    [DllImport("libc", EntryPoint = "signal")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint SetDisposition(int signal, nint disposition);
}
