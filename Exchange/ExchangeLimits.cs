using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace AccioKestrel;

/// <summary>What an exchange may take of the server's only turn, beside silence. None of it is on by default.</summary>
internal sealed class ExchangeLimits
{
    /// <summary>How often the limits of time are looked at. Kestrel looks at its own once a second.</summary>
    public static readonly TimeSpan Tick = TimeSpan.FromSeconds(0.25);

    private readonly MinDataRate? _minDataRate;
    private readonly TimeSpan? _handshakeTimeout;
    private readonly TimeSpan? _maxDuration;
    private readonly long _maxFileSize;

    public ExchangeLimits(AccioOptions options)
    {
        _minDataRate = options.MinDataRate is { } rate
            ? new MinDataRate(rate, TimeSpan.FromSeconds(options.MinDataRateGracePeriod))
            : null;
        _handshakeTimeout = Seconds(options.HandshakeTimeout);
        _maxDuration = Seconds(options.MaxExchangeDuration);
        _maxFileSize = options.MaxFileSize ?? long.MaxValue;
    }

    /// <summary>Whether there is one that time alone can exceed.</summary>
    public bool IsTimed => _minDataRate is not null || _handshakeTimeout is not null || _maxDuration is not null;

    /// <summary>Which one of time is exceeded, or null.</summary>
    public ExchangeFailure? Exceeded(ExchangeRecord record)
    {
        if (record.Elapsed > _maxDuration)
        {
            return ExchangeFailure.TooLong;
        }

        if (record.Step is not ExchangeStep.File)
        {
            return record.Elapsed > _handshakeTimeout ? ExchangeFailure.HandshakeTimeout : null;
        }

        var elapsed = record.FileElapsed;
        return elapsed > _minDataRate?.GracePeriod && record.Bytes < _minDataRate.BytesPerSecond * elapsed.TotalSeconds
            ? ExchangeFailure.TooSlow
            : null;
    }

    /// <summary>Looked at with the bytes themselves, unlike those of time.</summary>
    public bool IsTooLarge(ExchangeRecord record) => record.Bytes > _maxFileSize;

    private static TimeSpan? Seconds(double? seconds) => seconds is { } number ? TimeSpan.FromSeconds(number) : null;
}
