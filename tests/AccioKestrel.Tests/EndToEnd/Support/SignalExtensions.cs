using System.Runtime.InteropServices;

namespace AccioKestrel.Tests.EndToEnd;

internal static class SignalExtensions
{
    public static void SendTo(this Signal signal, int process) => Assert.Equal(0, Kill(process, (int)signal));

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int process, int signal);
}
