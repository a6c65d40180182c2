using System.Net;
using Microsoft.Extensions.Logging;

namespace AccioKestrel;

/// <summary>What is logged of exchanges. Event ids are stable: a retired one is not used again.</summary>
internal static partial class ExchangeLog
{
    public static void Ended(ILogger logger, ExchangeRecord record, ExchangeOutcome outcome)
    {
        if (outcome.Failure is { } failure)
        {
            Failed(logger, record.ConnectionId, record.Peer, failure, record.Step, outcome.Bytes);
        }
        else if (logger.IsEnabled(LogLevel.Debug))
        {
            Counted(logger, record.ConnectionId, record.Peer, outcome.Bytes, record.Elapsed.TotalSeconds);
        }
    }

    [LoggerMessage(1, LogLevel.Debug, "{ConnectionId} {Peer}: {Bytes} bytes in {Seconds:0.000} s", EventName = nameof(Counted), SkipEnabledCheck = true)]
    private static partial void Counted(ILogger logger, string connectionId, EndPoint? peer, long bytes, double seconds);

    [LoggerMessage(2, LogLevel.Information, "{ConnectionId} {Peer}: ERROR by {Failure} in step {Step} after {Bytes} file bytes", EventName = nameof(Failed))]
    private static partial void Failed(ILogger logger, string connectionId, EndPoint? peer, ExchangeFailure failure, ExchangeStep step, long bytes);
}
