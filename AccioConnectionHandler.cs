using System.Net.Sockets;
using AccioKestrel.Diagnostics;
using AccioKestrel.Exchange;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Logging;

namespace AccioKestrel;

/// <summary>
/// The Accio server's side of a connection: waits for the turn, runs the exchange, and delivers its result. Exchanges run one at a
/// time, also over several endpoints and transports.
/// </summary>
public sealed class AccioConnectionHandler : ConnectionHandler, IDisposable
{
    private readonly ExchangeLimits _limits;
    private readonly bool _isLenient;
    private readonly ResultDelivery _delivery;
    private readonly ExchangeHistory _history;
    private readonly ExchangeEvents _events;
    private readonly TimeProvider _time;
    private readonly UnfailingLogger _logger;
    private readonly CancellationToken _hostStopping;

    /// <summary>The turn. One for all endpoints, because they share this handler.</summary>
    private readonly SemaphoreSlim _turn = new(initialCount: 1, maxCount: 1);

    internal AccioConnectionHandler(
        ExchangeLimits limits,
        bool isLenient,
        ResultDelivery delivery,
        ExchangeHistory history,
        ExchangeEvents events,
        TimeProvider time,
        UnfailingLogger logger,
        CancellationToken hostStopping)
    {
        _limits = limits;
        _isLenient = isLenient;
        _delivery = delivery;
        _history = history;
        _events = events;
        _time = time;
        _logger = logger;
        _hostStopping = hostStopping;
    }

    /// <summary>Waits for its turn, runs the exchange and delivers its result.</summary>
    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        var closeRequested = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? default;
        try
        {
            await _turn.WaitAsync(closeRequested);
        }
        catch (OperationCanceledException)
        {
            // The client never had its turn: it was not served, and gets no line.
            return;
        }

        try
        {
            // The host's token as well: Kestrel asks the connections to close one after another. A connection that is asked late would
            // get the turn of one that was asked early, and an ERROR for a client that was never served.
            if (!closeRequested.IsCancellationRequested && !_hostStopping.IsCancellationRequested)
            {
                await ServeAsync(connection, closeRequested);
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    private async Task ServeAsync(ConnectionContext connection, CancellationToken closeRequested)
    {
        KeepUrgentBytes(connection.Features.Get<IConnectionSocketFeature>()?.Socket);
        var exchange = new ActiveExchange(connection.ConnectionId, connection.RemoteEndPoint, _time);
        var tls = connection.Features.Get<ITlsHandshake>();
        exchange.Step = tls is null ? ExchangeStep.FirstCommand : ExchangeStep.TlsHandshake;
        _history.Begin(exchange);
        if (tls is not null && !await ShakeHandsAsync(tls, connection, exchange, closeRequested))
        {
            return;
        }

        ExchangeFailure? failure;
        try
        {
            using var client = new ExchangeClient(connection.Transport, exchange, _limits, _time, closeRequested);
            failure = await (_isLenient ? ExchangeLenientlyAsync(client) : ExchangeAsync(client));
        }
        catch (Exception exception)
        {
            // The client was served, so it still gets its line.
            AccioLog.ExchangeBroke(_logger, exchange.ConnectionId, exception);
            failure = ExchangeFailure.Defect;
        }

        if (IsHealthCheckIfUntouched(failure) && TryEndAsHealthCheck(connection, exchange))
        {
            return;
        }

        var result = exchange.End(failure);
        await _delivery.DeliverAsync(result);
        _history.End(result);
        Log(result);
        _events.RaiseEnded(result);
        if (failure is not (null or ExchangeFailure.WrongByte or ExchangeFailure.EndedEarly or ExchangeFailure.Reset))
        {
            // The client has not broken the protocol, and may still be sending. An orderly close would look like success to it, so
            // the connection is reset.
            connection.Abort(new ConnectionAbortedException($"Accio exchange ended: {failure}."));
        }
    }

    /// <summary>The exchange: each step returns what ends the exchange there, or null to go on with the next.</summary>
    private static async ValueTask<ExchangeFailure?> ExchangeAsync(ExchangeClient client) =>
        await client.SendAsync(ExchangeStep.FirstCommand, AccioProtocol.Command)
        ?? await client.ExpectAsync(ExchangeStep.FirstConfirmation, AccioProtocol.FirstConfirmation)
        ?? await client.SendAsync(ExchangeStep.SecondCommand, AccioProtocol.Command)
        ?? await client.ExpectAsync(ExchangeStep.SecondConfirmation, AccioProtocol.SecondConfirmation)
        ?? await client.CountFileAsync();

    /// <summary>The exchange with two more kinds of client: one waits for both commands, one leaves out the empty line.</summary>
    private static async ValueTask<ExchangeFailure?> ExchangeLenientlyAsync(ExchangeClient client)
    {
        if (await client.SendAsync(ExchangeStep.FirstCommand, AccioProtocol.Command) is { } unsent)
        {
            return unsent;
        }

        var (failure, wasSilent) = await client.WaitForBytesAsync(ExchangeStep.FirstConfirmation, AccioProtocol.LenientTimeout);
        return failure
            ?? (wasSilent
                ? await client.SendAsync(ExchangeStep.SecondCommand, AccioProtocol.Command)
                    ?? await client.ExpectAsync(ExchangeStep.FirstConfirmation, AccioProtocol.FirstConfirmation)
                : await client.ExpectAsync(ExchangeStep.FirstConfirmation, AccioProtocol.FirstConfirmation)
                    ?? await client.SendAsync(ExchangeStep.SecondCommand, AccioProtocol.Command))
            ?? await client.ExpectAsync(ExchangeStep.SecondConfirmation, AccioProtocol.SecondConfirmationLine)
            ?? await client.SkipAsync(AccioProtocol.EmptyLine)
            ?? await client.CountFileAsync();
    }

    /// <summary>Keeps urgent bytes in their place in the stream, where they are counted. Only the stock transport needs this: our own sets the option.</summary>
    private static void KeepUrgentBytes(Socket? socket)
    {
        try
        {
            socket?.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.OutOfBandInline, true);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The connection is gone. The exchange's first send or receive reports it.
        }
    }

    /// <summary>The TLS handshake in front of step 1. A client whose handshake fails is not served, and gets no line.</summary>
    /// <returns>Whether it succeeded.</returns>
    private async ValueTask<bool> ShakeHandsAsync(
        ITlsHandshake tls, ConnectionContext connection, ActiveExchange exchange, CancellationToken closeRequested)
    {
        using var wait = new TlsHandshakeWait(exchange, _limits, _time, closeRequested);
        try
        {
            await tls.ShakeHandsAsync(wait.Expired);
            // A function of the host inside the handshake may have blocked this thread for longer than the client has.
            return wait.Failure is null ? true : throw new OperationCanceledException(wait.Expired);
        }
        catch (Exception exception)
        {
            // Unless the wait has a failure, the cause is the client (it does not speak TLS, has no certificate, or has gone), or a host's function, which
            // TlsOptionsSource has logged.
            var failure = wait.Failure;
            if (failure is null && exception is IOException && TryEndAsHealthCheck(connection, exchange))
            {
                return false;
            }

            _history.EndFailedHandshake();
            var reason = failure is { } why ? ExchangeWords.Of(why) : ReasonOf(exception);
            AccioLog.TlsHandshakeFailed(_logger, exchange.ConnectionId, exchange.Peer, exchange.Elapsed.TotalSeconds, reason);
            if (failure is not null)
            {
                connection.Abort(new ConnectionAbortedException($"TLS handshake ended: {failure}."));
            }

            _events.RaiseHandshakeFailed(exchange, reason);
            return false;
        }
    }

    /// <summary>With these failures an untouched connection of a load balancer was a health check: it was closed, reset, or ended by a stop.</summary>
    private static bool IsHealthCheckIfUntouched(ExchangeFailure? failure) =>
        failure is ExchangeFailure.EndedEarly or ExchangeFailure.Reset or ExchangeFailure.ServerStopped;

    /// <summary>Ends the exchange without a result if the connection was a load balancer's health check: nothing was received on it.</summary>
    /// <returns>False if the connection is that of a client.</returns>
    private bool TryEndAsHealthCheck(ConnectionContext connection, ActiveExchange exchange)
    {
        if (!exchange.IsUntouched || connection.Features.Get<BalancerConnection>() is null)
        {
            return false;
        }

        _history.EndHealthCheck();
        AccioLog.HealthChecked(_logger, exchange.ConnectionId, exchange.Peer);
        return true;
    }

    private void Log(CompletedExchange result)
    {
        if (!_logger.IsEnabled(LogLevel.Information))
        {
            return;
        }

        if (result.Failure is null)
        {
            AccioLog.Counted(_logger, result.Bytes, result.Duration.TotalSeconds, result.ConnectionId, result.Peer);
        }
        else
        {
            AccioLog.Failed(
                _logger, result.ConnectionId, result.Peer, result.Duration.TotalSeconds, result.Bytes, result.Reason, $"{result.Failure}", $"{result.Step}");
        }
    }

    /// <summary>The innermost message: the TLS library or the network wrote it, and the outer ones only say that TLS failed.</summary>
    private static string ReasonOf(Exception exception) =>
        exception.InnerException is { } inner ? ReasonOf(inner)
        // What SslStream says of bytes that begin no record of TLS.
        : exception.Message.StartsWith("Cannot determine the frame size", StringComparison.Ordinal) ? "the client does not speak TLS"
        : exception.Message.ReplaceLineEndings(" ");
}
