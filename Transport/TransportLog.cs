using System.Net;
using Microsoft.Extensions.Logging;

namespace AccioKestrel;

/// <summary>What is logged of the listener. Event ids are stable: a retired one is not used again.</summary>
internal static partial class TransportLog
{
    [LoggerMessage(1, LogLevel.Debug, "A client was lost while it was accepted: {Reason}", EventName = nameof(ClientLost))]
    public static partial void ClientLost(ILogger logger, string reason);

    [LoggerMessage(2, LogLevel.Warning, "Short of resources, clients must wait: {Reason}", EventName = nameof(ShortOfResources))]
    public static partial void ShortOfResources(ILogger logger, string reason);

    [LoggerMessage(3, LogLevel.Information, "Resources are back after {Attempts} attempts, clients are accepted again", EventName = nameof(ResourcesBack))]
    public static partial void ResourcesBack(ILogger logger, int attempts);

    [LoggerMessage(4, LogLevel.Information, "Listening on {EndPoint}", EventName = nameof(Listening))]
    public static partial void Listening(ILogger logger, EndPoint endPoint);

    [LoggerMessage(5, LogLevel.Critical, "No longer listening on {EndPoint}, the server stops: {Reason}", EventName = nameof(ListenerGone))]
    public static partial void ListenerGone(ILogger logger, EndPoint endPoint, string reason);
}
