using Microsoft.Extensions.Logging;

namespace AccioKestrel.Exchange;

/// <summary>Hands each result to all receivers, one after the other. The end of the host is the end of all deliveries.</summary>
internal sealed class ResultDelivery(IEnumerable<IResultReceiver> receivers, TimeSpan timeout, ExchangeHistory history, TimeProvider time, ILogger logger)
    : IDisposable
{
    private readonly BoundedReceiver[] _receivers = [.. receivers.Select(receiver => new BoundedReceiver(receiver, timeout, history, time, logger))];

    /// <summary>Never throws: what a receiver does not take is logged and counted. Allocates nothing if all receivers are blocking ones.</summary>
    public ValueTask DeliverAsync(CompletedExchange result) => DeliverAsync(result, first: 0);

    private ValueTask DeliverAsync(CompletedExchange result, int first)
    {
        for (var i = first; i < _receivers.Length; i++)
        {
            var delivery = _receivers[i].DeliverAsync(result);
            if (!delivery.IsCompleted)
            {
                return WaitAsync(delivery, result, next: i + 1);
            }
        }

        return ValueTask.CompletedTask;
    }

    private async ValueTask WaitAsync(ValueTask delivery, CompletedExchange result, int next)
    {
        await delivery;
        await DeliverAsync(result, next);
    }

    public void Dispose()
    {
        foreach (var receiver in _receivers)
        {
            receiver.Dispose();
        }
    }
}
