using AccioKestrel.Exchange;
using Microsoft.Extensions.Hosting;

namespace AccioKestrel.Server;

/// <summary>Stops the server after a number of results.</summary>
internal sealed class StopAfterResults(int count, ExchangeEvents events, IHostApplicationLifetime lifetime) : IHostedService
{
    private int _rest = count;

    /// <summary>Whether so many clients were served.</summary>
    public bool IsReached => Volatile.Read(ref _rest) <= 0;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        // On the handler's thread, before the next client has its turn: that client is not served any more.
        events.Ended += _ =>
        {
            _rest--;
            if (IsReached)
            {
                lifetime.StopApplication();
            }
        };
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
