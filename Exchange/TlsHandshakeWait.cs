namespace AccioKestrel.Exchange;

/// <summary>The wait for a TLS handshake in front of the exchange. It ends for the same reasons as the exchange itself.</summary>
internal sealed class TlsHandshakeWait(ActiveExchange exchange, ExchangeLimits limits, TimeProvider time, CancellationToken closeRequested)
    : ExchangeWait(exchange, limits, time, closeRequested)
{
    // Not disposed: it holds no resources, and the timer may be about to cancel it.
    private readonly CancellationTokenSource _expired = new();

    /// <summary>Canceled when the handshake must end.</summary>
    public CancellationToken Expired => _expired.Token;

    /// <summary>Why it must end, or null.</summary>
    public ExchangeFailure? Failure => Interruption();

    protected override void Wake()
    {
        if (Interruption() is not null)
        {
            _expired.Cancel();
        }
    }
}
