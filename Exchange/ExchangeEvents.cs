using AccioKestrel.Diagnostics;
using Microsoft.Extensions.Logging;

namespace AccioKestrel.Exchange;

/// <summary>Tells subscribers, such as metrics and terminal, what has become of a client. One that fails is logged, and the others are told all the same.</summary>
/// <remarks>Subscribers are called on the handler's thread: the next client waits until all have returned.</remarks>
internal sealed class ExchangeEvents(ILogger logger)
{
    /// <summary>An exchange has ended, and its result has been delivered.</summary>
    public Action<CompletedExchange>? Ended { get; set; }

    /// <summary>A TLS handshake has failed, for the reason that follows. The client was not served.</summary>
    public Action<ActiveExchange, string>? HandshakeFailed { get; set; }

    public void RaiseEnded(CompletedExchange result) => Raise(Ended, result.ConnectionId, subscriber => subscriber(result));

    public void RaiseHandshakeFailed(ActiveExchange exchange, string reason) =>
        Raise(HandshakeFailed, exchange.ConnectionId, subscriber => subscriber(exchange, reason));

    private void Raise<T>(T? subscribers, string connectionId, Action<T> call)
        where T : Delegate
    {
        foreach (var subscriber in Delegate.EnumerateInvocationList(subscribers))
        {
            try
            {
                call(subscriber);
            }
            catch (Exception exception)
            {
                AccioLog.SubscriberFailed(logger, connectionId, exception);
            }
        }
    }
}
