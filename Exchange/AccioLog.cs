using System.Net;
using Microsoft.Extensions.Logging;

namespace AccioKestrel;

/// <summary>
/// All that is logged. Event ids are stable: a retired one is not used again.
/// </summary>
/// <remarks>
/// One class for all of it, because the generator of log methods orders classes by chance (dotnet/runtime#119587): with two,
/// the same source would not always give the same program.
/// </remarks>
internal static partial class AccioLog
{
    public static void Ended(ILogger logger, in ExchangeResult result)
    {
        if (!logger.IsEnabled(LogLevel.Information))
        {
            return;
        }

        if (result.Outcome.Failure is { } failure)
        {
            Failed(logger, result.ConnectionId, result.Peer, failure, result.Step, result.Outcome.Bytes, result.Duration.TotalSeconds);
        }
        else
        {
            Counted(logger, result.Outcome.Bytes, result.Duration.TotalSeconds, result.ConnectionId, result.Peer);
        }
    }

    [LoggerMessage(3, LogLevel.Information, "Resources are back after {Attempts} attempts, clients are accepted again", EventName = nameof(ResourcesBack))]
    public static partial void ResourcesBack(ILogger logger, int attempts);

    [LoggerMessage(4, LogLevel.Information, "Listening on {EndPoint}", EventName = nameof(Listening))]
    public static partial void Listening(ILogger logger, EndPoint endPoint);

    [LoggerMessage(5, LogLevel.Critical, "No longer listening on {EndPoint}, the server stops: {Reason}", EventName = nameof(ListenerGone))]
    public static partial void ListenerGone(ILogger logger, EndPoint endPoint, string reason);

    [LoggerMessage(6, LogLevel.Debug, "{ConnectionId} {Peer}: refused, it is of no allowed network", EventName = nameof(ClientRefused))]
    public static partial void ClientRefused(ILogger logger, string connectionId, EndPoint? peer);

    [LoggerMessage(7, LogLevel.Information, "Listening on {EndPoint}, by a socket that was passed in", EventName = nameof(ListeningOnPassed))]
    public static partial void ListeningOnPassed(ILogger logger, EndPoint endPoint);

    [LoggerMessage(8, LogLevel.Debug, "A client was lost while it was accepted: {Reason}", EventName = nameof(ClientLost))]
    public static partial void ClientLost(ILogger logger, string reason);

    [LoggerMessage(9, LogLevel.Warning, "Short of resources, clients must wait: {Reason}", EventName = nameof(ShortOfResources))]
    public static partial void ShortOfResources(ILogger logger, string reason);

    // Its parameters are in another order than its message has them: otherwise the generated code formats by boxing and
    // parsing, which is a fiftieth of an exchange of 500 bytes.
    [LoggerMessage(1, LogLevel.Information, "{ConnectionId} {Peer}: {Bytes} bytes in {Seconds:F3} s", EventName = nameof(Counted), SkipEnabledCheck = true)]
    private static partial void Counted(ILogger logger, long bytes, double seconds, string connectionId, EndPoint? peer);

    [LoggerMessage(2, LogLevel.Information, "{ConnectionId} {Peer}: ERROR by {Failure} in step {Step} after {Bytes} file bytes and {Seconds:F3} s", EventName = nameof(Failed), SkipEnabledCheck = true)]
    private static partial void Failed(ILogger logger, string connectionId, EndPoint? peer, ExchangeFailure failure, ExchangeStep step, long bytes, double seconds);
}
