using Microsoft.Extensions.Hosting;

namespace AccioKestrel.Server;

/// <summary>Stops the host at the first signal, and takes the place of the framework's console lifetime.</summary>
/// <remarks>
/// The console lifetime has signal handlers of its own, and the runtime calls handlers in the reverse order of their registration. On a busy
/// machine the host could stop before <see cref="StopSignals"/> had noted the signal, and the exit code was 1.
/// </remarks>
internal sealed class SignalLifetime(IHostApplicationLifetime lifetime) : IHostLifetime, IDisposable
{
    private CancellationTokenRegistration _first;

    public Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        _first = StopSignals.First.Register(lifetime.StopApplication);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _first.Dispose();
}
