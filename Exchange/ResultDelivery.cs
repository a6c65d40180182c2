using Microsoft.Extensions.Logging;

namespace AccioKestrel.Exchange;

/// <summary>Hands each result to all receivers, one after the other. The end of the host is the end of all deliveries.</summary>
internal sealed class ResultDelivery : IDisposable
{
    private readonly CancellationTokenSource _givenUp = new();
    private readonly BoundedReceiver[] _receivers;

    public ResultDelivery(IEnumerable<IResultReceiver> receivers, TimeSpan timeout, ExchangeHistory history, TimeProvider time, ILogger logger)
    {
        IResultReceiver[] all = [.. receivers];
        // Kestrel leaves a second to all of them, and the read of an aborted file takes up to a tenth of it.
        var lastMoment = TimeSpan.FromMilliseconds(800) / Math.Max(1, all.Length);
        _receivers = [.. all.Select(receiver => new BoundedReceiver(receiver, timeout, history, time, logger, lastMoment, _givenUp.Token))];
    }

    /// <summary>Never throws: what a receiver does not take is logged and counted.</summary>
    public async ValueTask DeliverAsync(CompletedExchange result)
    {
        foreach (var receiver in _receivers)
        {
            await receiver.DeliverAsync(result);
        }
    }

    /// <summary>
    /// Gives up the receivers that have not taken a result yet, because the host no longer waits for its exchanges. A receiver that hangs
    /// must not keep the result from those behind it.
    /// </summary>
    public void GiveUp() => _givenUp.Cancel();

    public void Dispose()
    {
        foreach (var receiver in _receivers)
        {
            receiver.Dispose();
        }

        _givenUp.Dispose();
    }
}
