using System.Runtime.InteropServices;
using AccioKestrel.Interop;

namespace AccioKestrel.Server;

/// <summary>
/// SIGINT, SIGTERM, SIGQUIT, and SIGHUP unless <see cref="ReloadSignal"/> takes it. The first signal stops the server; the second ends
/// the grace period of the file in transfer.
/// </summary>
internal static class StopSignals
{
    /// <summary>The longest grace period when the console is closed or the system shuts down: Windows may end the process after five seconds.</summary>
    private static readonly TimeSpan s_consoleGrace = TimeSpan.FromSeconds(3);

    private static readonly CancellationTokenSource s_first = new();
    private static readonly CancellationTokenSource s_second = new();
    private static readonly List<PosixSignalRegistration> s_registrations = [];
    private static int s_received;

    /// <summary>Canceled by the first signal.</summary>
    public static CancellationToken First => s_first.Token;

    /// <summary>Canceled by the second signal.</summary>
    public static CancellationToken Second => s_second.Token;

    /// <summary>Installs the handlers. Must be called first, because a signal before it ends the process.</summary>
    public static void Handle()
    {
        if (!OperatingSystem.IsWindows())
        {
            // A shell starts the background jobs of a script with SIGINT and SIGQUIT ignored, and the runtime keeps ignored signals ignored.
            // Reset them before the runtime checks, so that they stop the server.
            _ = Libc.Signal(Libc.SIGINT, Libc.SIG_DFL);
            _ = Libc.Signal(Libc.SIGQUIT, Libc.SIG_DFL);
            // A process manager may start the server with signals blocked. One thread that takes them is enough.
            Libc.Unblock([Libc.SIGHUP, Libc.SIGINT, Libc.SIGQUIT, Libc.SIGTERM]);
            // By default SIGXFSZ ends the process when standard output exceeds a file size limit, and the result is lost without a message.
            // When it is ignored, the write fails with an error that can be reported.
            _ = Libc.Signal(Libc.SIGXFSZ, Libc.SIG_IGN);
        }

        foreach (var signal in (PosixSignal[])[PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGQUIT, PosixSignal.SIGHUP])
        {
            s_registrations.Add(PosixSignalRegistration.Create(signal, OnSignal));
        }
    }

    /// <summary>Ignores further signals. Called at the end, because a signal during the runtime's own shutdown would kill the process.</summary>
    public static void Ignore()
    {
        if (!OperatingSystem.IsWindows())
        {
            _ = Libc.Signal(Libc.SIGINT, Libc.SIG_IGN);
            _ = Libc.Signal(Libc.SIGQUIT, Libc.SIG_IGN);
            _ = Libc.Signal(Libc.SIGTERM, Libc.SIG_IGN);
            _ = Libc.Signal(Libc.SIGHUP, Libc.SIG_IGN);
        }
    }

    private static void OnSignal(PosixSignalContext context)
    {
        // Otherwise the runtime would end the process at once.
        context.Cancel = true;
        if (context.Signal is PosixSignal.SIGHUP && ReloadSignal.TryRaise())
        {
            return;
        }

        (Interlocked.Increment(ref s_received) == 1 ? s_first : s_second).Cancel();
        if (OperatingSystem.IsWindows() && context.Signal is PosixSignal.SIGHUP or PosixSignal.SIGTERM)
        {
            // When the console is closed (SIGHUP) or the system shuts down (SIGTERM), Windows ends the process as soon as this handler
            // returns. The end of the process ends this thread.
            s_second.CancelAfter(s_consoleGrace);
            Thread.Sleep(Timeout.Infinite);
        }
    }
}
