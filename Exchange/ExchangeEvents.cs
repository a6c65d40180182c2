using AccioKestrel.Diagnostics;
using Microsoft.Extensions.Logging;

namespace AccioKestrel.Exchange;

/// <summary>Tells subscribers, such as metrics and terminal, what has become of a client. An exception of one is logged, and the others are still told.</summary>
/// <remarks>Subscribers are called on the handler's thread: the next client waits until all have returned.</remarks>
internal sealed class ExchangeEvents(ILogger logger)
{
    /// <summary>An exchange has ended, and its result has been delivered.</summary>
    public Action<CompletedExchange>? Ended { get; set; }

    /// <summary>A TLS handshake has failed, and the client was not served. The second argument is the reason.</summary>
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
