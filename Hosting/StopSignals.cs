using System.Runtime.InteropServices;

namespace AccioKestrel;

/// <summary>
/// SIGINT, SIGTERM and SIGQUIT: the first asks the server to stop, the second ends the grace of the file in transfer.
/// </summary>
internal static class StopSignals
{
    private static readonly CancellationTokenSource s_first = new();
    private static readonly CancellationTokenSource s_second = new();
    private static readonly List<PosixSignalRegistration> s_registrations = [];

    /// <summary>A signal has come.</summary>
    public static CancellationToken First => s_first.Token;

    /// <summary>Another one has come.</summary>
    public static CancellationToken Second => s_second.Token;

    /// <summary>To be called before anything else in the process, so that a signal during its start is not lost.</summary>
    public static void Handle()
    {
        if (!OperatingSystem.IsWindows())
        {
            // A shell starts a script's background job with these two ignored, and the runtime leaves it at that: the
            // server would not stop by them. It has to be told before the runtime looks.
            _ = Libc.Signal(Libc.Interrupt, Libc.DefaultAction);
            _ = Libc.Signal(Libc.Quit, Libc.DefaultAction);
            // Otherwise a result that a limit keeps out of its file would end the process on the spot, and be lost without
            // a word. Ignored, the write fails and says why.
            _ = Libc.Signal(Libc.FileSizeExceeded, Libc.IgnoreAction);
        }

        foreach (var signal in (PosixSignal[])[PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGQUIT])
        {
            s_registrations.Add(PosixSignalRegistration.Create(signal, OnSignal));
        }
    }

    /// <summary>To be called when all is done: the runtime's own end would let one more signal kill the process.</summary>
    public static void Ignore()
    {
        if (!OperatingSystem.IsWindows())
        {
            _ = Libc.Signal(Libc.Interrupt, Libc.IgnoreAction);
            _ = Libc.Signal(Libc.Quit, Libc.IgnoreAction);
            _ = Libc.Signal(Libc.Terminate, Libc.IgnoreAction);
        }
    }

    private static void OnSignal(PosixSignalContext context)
    {
        // Without this the runtime would end the process, and with it the exchange.
        context.Cancel = true;
        (s_first.IsCancellationRequested ? s_second : s_first).Cancel();
    }
}
