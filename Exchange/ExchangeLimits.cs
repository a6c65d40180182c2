namespace AccioKestrel.Exchange;

/// <summary>The limits of an exchange. By default only its silence is limited.</summary>
internal sealed class ExchangeLimits
{
    /// <summary>How often the limits of time are checked. Kestrel checks its own once a second.</summary>
    public static readonly TimeSpan CheckInterval = TimeSpan.FromSeconds(0.25);

    /// <summary>How long the client may be silent.</summary>
    public required TimeSpan IdleTimeout { get; init; }

    /// <summary>The lowest average rate of a file, in bytes per second, or null.</summary>
    public double? MinDataRate { get; init; }

    /// <summary>Grace period of a file before <see cref="MinDataRate"/> is enforced.</summary>
    public TimeSpan MinDataRateGracePeriod { get; init; }

    /// <summary>How long both confirmations may take, or null.</summary>
    public TimeSpan? HandshakeTimeout { get; init; }

    /// <summary>How long the exchange may take, or null.</summary>
    public TimeSpan? MaxDuration { get; init; }

    /// <summary>How many bytes the file may have, or null.</summary>
    public long? MaxFileSize { get; init; }

    /// <summary>Whether a limit other than the idle time-out can be exceeded by time alone, and so must be checked by a timer.</summary>
    public bool AreTimed => MinDataRate is not null || HandshakeTimeout is not null || MaxDuration is not null;

    /// <summary>The exceeded limit of time, or null. The idle time-out is not among them.</summary>
    public ExchangeFailure? Exceeded(ActiveExchange exchange)
    {
        if (exchange.Elapsed > MaxDuration)
        {
            return ExchangeFailure.TooLong;
        }

        if (exchange.Step is not ExchangeStep.File)
        {
            return exchange.Elapsed > HandshakeTimeout ? ExchangeFailure.HandshakeTimeout : null;
        }

        var elapsed = exchange.FileElapsed;
        return elapsed > MinDataRateGracePeriod && exchange.Bytes < MinDataRate * elapsed.TotalSeconds ? ExchangeFailure.TooSlow : null;
    }

    /// <summary>Whether the file exceeds <see cref="MaxFileSize"/>. Checked when bytes are counted, not by the timer.</summary>
    public bool IsTooLarge(ActiveExchange exchange) => exchange.Bytes > MaxFileSize;
}
