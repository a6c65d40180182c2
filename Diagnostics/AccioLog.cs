using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace AccioKestrel.Diagnostics;

/// <summary>
/// All log messages. Event ids are stable: a retired one is not used again.
/// </summary>
/// <remarks>
/// One class for all messages: with two, the generator of log methods orders them at random (dotnet/runtime#119587), and the build
/// would not be reproducible.
/// </remarks>
internal static partial class AccioLog
{
    // The parameters must not have the order of the message: otherwise the generated code uses LoggerMessage.Define, which boxes them and
    // costs a fiftieth of an exchange of 500 bytes.
    [LoggerMessage(1, LogLevel.Information, "{ConnectionId} {Peer}: {Bytes} bytes in {Seconds:F3} s", EventName = nameof(Counted), SkipEnabledCheck = true)]
    public static partial void Counted(ILogger logger, long bytes, double seconds, string connectionId, EndPoint? peer);

    /// <summary>
    /// Call it only if the level is enabled. Not generated, because the generator rejects values that are not in the message: failure and
    /// step are for filters of structured logs.
    /// </summary>
    public static void Failed(
        ILogger logger, string connectionId, EndPoint? peer, double seconds, long bytes, string? reason, string failure, string step)
    {
        KeyValuePair<string, object?>[] values =
        [
            new("ConnectionId", connectionId),
            new("Peer", peer),
            new("Seconds", seconds),
            new("Bytes", bytes),
            new("Reason", reason),
            new("Failure", failure),
            new("Step", step),
        ];
        logger.Log(
            LogLevel.Information,
            new EventId(2, nameof(Failed)),
            values,
            exception: null,
            static (values, _) => string.Create(
                CultureInfo.InvariantCulture,
                $"{values[0].Value} {values[1].Value}: ERROR after {values[2].Value:F3} s and {values[3].Value} file bytes, {values[4].Value}"));
    }

    [LoggerMessage(3, LogLevel.Information, "Resources are back after {Failures} failed accepts, clients are accepted again", EventName = nameof(ResourcesBack))]
    public static partial void ResourcesBack(ILogger logger, int failures);

    [LoggerMessage(4, LogLevel.Information, "Listening on {EndPoint}", EventName = nameof(Listening))]
    public static partial void Listening(ILogger logger, EndPoint endPoint);

    [LoggerMessage(5, LogLevel.Critical, "No longer listening on {EndPoint}, the server stops: {Reason}", EventName = nameof(ListenerGone))]
    public static partial void ListenerGone(ILogger logger, EndPoint endPoint, string reason);

    [LoggerMessage(6, LogLevel.Debug, "{ConnectionId} {Peer}: refused, address not in an allowed network", EventName = nameof(ClientRefused))]
    public static partial void ClientRefused(ILogger logger, string connectionId, EndPoint? peer);

    [LoggerMessage(7, LogLevel.Information, "Listening on {EndPoint}, a socket inherited from the service manager", EventName = nameof(ListeningOnInherited))]
    public static partial void ListeningOnInherited(ILogger logger, EndPoint endPoint);

    [LoggerMessage(8, LogLevel.Debug, "A client was lost while it was accepted: {Reason}", EventName = nameof(ClientLost))]
    public static partial void ClientLost(ILogger logger, string reason);

    [LoggerMessage(9, LogLevel.Warning, "Short of resources, clients must wait: {Reason}", EventName = nameof(ShortOfResources))]
    private static partial void ShortOfResources(ILogger logger, string reason);

    /// <summary>The runtime has one error for a limit of the process and one of the system, and names the system's, which is rarely the right one.</summary>
    public static void ShortOfResources(ILogger logger, Exception exception) => ShortOfResources(
        logger, exception is SocketException { SocketErrorCode: SocketError.TooManyOpenSockets } ? "Too many open files" : exception.Message);

    [LoggerMessage(10, LogLevel.Information, "{ConnectionId} {Peer}: stopping, the file has {Seconds} s to end; a second signal ends it now", EventName = nameof(StopWaits))]
    public static partial void StopWaits(ILogger logger, string connectionId, EndPoint? peer, double seconds);

    [LoggerMessage(20, LogLevel.Information, "{ConnectionId} {Peer}: not served, TLS handshake failed after {Seconds:F3} s: {Reason}", EventName = nameof(TlsHandshakeFailed))]
    public static partial void TlsHandshakeFailed(ILogger logger, string connectionId, EndPoint? peer, double seconds, string reason);

    [LoggerMessage(21, LogLevel.Information, "TLS certificate read again from {Files}", EventName = nameof(CertificateRenewed))]
    public static partial void CertificateRenewed(ILogger logger, string files);

    [LoggerMessage(22, LogLevel.Warning, "TLS certificate not renewed, the server keeps the one it has: {Reason} ({Files})", EventName = nameof(CertificateKept))]
    public static partial void CertificateKept(ILogger logger, string files, string reason);

    [LoggerMessage(23, LogLevel.Error, "{ConnectionId}: the exchange failed unexpectedly", EventName = nameof(ExchangeBroke))]
    public static partial void ExchangeBroke(ILogger logger, string connectionId, Exception exception);

    [LoggerMessage(24, LogLevel.Error, "{ConnectionId}: a subscriber, such as the terminal or the metrics, failed; results are not affected", EventName = nameof(SubscriberFailed))]
    public static partial void SubscriberFailed(ILogger logger, string connectionId, Exception exception);

    [LoggerMessage(30, LogLevel.Information, "Serving Accio {Security}", EventName = nameof(Serving))]
    public static partial void Serving(ILogger logger, string security);

    [LoggerMessage(31, LogLevel.Information, "Status page at {Url}", EventName = nameof(StatusPageServed))]
    public static partial void StatusPageServed(ILogger logger, string url);

    [LoggerMessage(32, LogLevel.Warning, "{Doubt}", EventName = nameof(SettingDoubtful))]
    public static partial void SettingDoubtful(ILogger logger, string doubt);

    [LoggerMessage(33, LogLevel.Warning, "The kernel lets {Backlog} clients wait, not {Wanted}; raise net.core.somaxconn", EventName = nameof(BacklogCapped))]
    public static partial void BacklogCapped(ILogger logger, int backlog, int wanted);

    [LoggerMessage(34, LogLevel.Warning, "systemd cannot be notified, NOTIFY_SOCKET is wrong: {Reason}", EventName = nameof(NotNotified))]
    public static partial void NotNotified(ILogger logger, string reason);

    [LoggerMessage(45, LogLevel.Critical, "The server hangs (client in service: {Peer}). systemd is not notified any more, and ends it {Seconds} s after the last notification", EventName = nameof(Hung))]
    public static partial void Hung(ILogger logger, double seconds, string peer);

    [LoggerMessage(35, LogLevel.Information, "Stopping: waiting clients that will be disconnected without being served: {Waiting}", EventName = nameof(QueueDisconnected))]
    public static partial void QueueDisconnected(ILogger logger, int waiting);

    [LoggerMessage(36, LogLevel.Information, "Stopped after {Seconds:F0} s. Exchanges: {Exchanges}, counted: {Counted}, errors: {Errors}{Failures}, file bytes: {Bytes}", EventName = nameof(Stopped))]
    public static partial void Stopped(ILogger logger, double seconds, long exchanges, long counted, long errors, string failures, long bytes);

    [LoggerMessage(37, LogLevel.Information, "Press Ctrl+C to stop the server", EventName = nameof(StopKey))]
    public static partial void StopKey(ILogger logger);

    [LoggerMessage(38, LogLevel.Critical, "{Reason}", EventName = nameof(ResultLost))]
    public static partial void ResultLost(ILogger logger, string reason);

    [LoggerMessage(50, LogLevel.Error, "{Receiver} did not take a result, {Why}: {ConnectionId} {Peer}: {Line}, {Reason}, {Bytes} file bytes, step {Step}, from {StartedAt:O} to {EndedAt:O}, {Seconds:F3} s", EventName = nameof(ResultUndelivered))]
    public static partial void ResultUndelivered(
        ILogger logger, string receiver, string why, string connectionId, EndPoint? peer, string line, string reason, long bytes, string step,
        DateTimeOffset startedAt, DateTimeOffset endedAt, double seconds, Exception? exception);

    [LoggerMessage(51, LogLevel.Information, "{Receiver} takes results again: its late delivery {How}", EventName = nameof(ReceiverBack))]
    public static partial void ReceiverBack(ILogger logger, string receiver, string how, Exception? exception);

    [LoggerMessage(52, LogLevel.Information, "Results are appended to {File}", EventName = nameof(ResultsAppended))]
    public static partial void ResultsAppended(ILogger logger, string file);

    [LoggerMessage(53, LogLevel.Warning, "{File} cannot be opened again; results go on into the file that was opened before: {Reason}", EventName = nameof(ResultsNotReopened))]
    public static partial void ResultsNotReopened(ILogger logger, string file, string reason);

    [LoggerMessage(54, LogLevel.Information, "{Results} earlier results read from {File}", EventName = nameof(EarlierResultsRead))]
    public static partial void EarlierResultsRead(ILogger logger, string file, long results);

    [LoggerMessage(55, LogLevel.Warning, "{Lines} lines of {File} are no results, and are not counted", EventName = nameof(ForeignLines))]
    public static partial void ForeignLines(ILogger logger, string file, long lines);

    [LoggerMessage(56, LogLevel.Warning, "Earlier results cannot be read from {File}: {Reason}", EventName = nameof(EarlierResultsUnread))]
    public static partial void EarlierResultsUnread(ILogger logger, string file, string reason);

    [LoggerMessage(57, LogLevel.Warning, "This host serves Accio nowhere: AddAccio was called, ListenAccio was not", EventName = nameof(NoEndPoint))]
    public static partial void NoEndPoint(ILogger logger);

    [LoggerMessage(58, LogLevel.Error, "A TLS handshake could not begin: the function that UseAccioTls was given {Problem}", EventName = nameof(TlsOptionsFailed))]
    public static partial void TlsOptionsFailed(ILogger logger, string problem, Exception? exception);

    [LoggerMessage(60, LogLevel.Warning, "{ConnectionId} {Balancer}: load balancer's connection refused, {Reason}", EventName = nameof(ProxyHeaderRefused))]
    public static partial void ProxyHeaderRefused(ILogger logger, string connectionId, EndPoint? balancer, string reason);

    [LoggerMessage(61, LogLevel.Debug, "{ConnectionId} {Balancer}: load balancer's health check", EventName = nameof(HealthChecked))]
    public static partial void HealthChecked(ILogger logger, string connectionId, EndPoint? balancer);
}
