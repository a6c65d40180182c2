using System.Runtime.InteropServices;

namespace AccioKestrel;

/// <summary>
/// SIGINT, SIGTERM and SIGQUIT: the first asks the server to stop, the second ends the grace of the file in transfer.
/// Made before anything else in the process, so that a signal that comes during the start is not lost.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource _first = new();
    private readonly CancellationTokenSource _second = new();
    private readonly PosixSignalRegistration[] _registrations;

    public StopSignals()
    {
        if (!OperatingSystem.IsWindows())
        {
            // A shell starts a script's background job with these two ignored, and the runtime leaves it at that: the
            // server would not stop by them. It has to be told before the runtime looks.
            _ = Libc.Signal(Libc.Interrupt, Libc.DefaultAction);
            _ = Libc.Signal(Libc.Quit, Libc.DefaultAction);
        }

        _registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal),
            PosixSignalRegistration.Create(PosixSignal.SIGQUIT, OnSignal),
        ];
    }

    /// <summary>A signal has come.</summary>
    public CancellationToken First => _first.Token;

    /// <summary>Another one has come.</summary>
    public CancellationToken Second => _second.Token;

    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }

        _first.Dispose();
        _second.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        // Without this the runtime would end the process, and with it the exchange.
        context.Cancel = true;
        (_first.IsCancellationRequested ? _second : _first).Cancel();
    }
}
