using System.Globalization;
using AccioKestrel.Diagnostics;
using Microsoft.Extensions.Logging;

namespace AccioKestrel.Exchange;

/// <summary>
/// A receiver whose exceptions cost no other receiver a result. Unless it is an <see cref="IBlockingReceiver"/>, its delays cost a client no
/// more than the time-out.
/// </summary>
/// <param name="receiver">The receiver.</param>
/// <param name="timeout">The time-out.</param>
/// <param name="history">Counts what is not taken.</param>
/// <param name="time">The clock of the time-out.</param>
/// <param name="logger">Logs what is not taken.</param>
/// <param name="lastMoment">The time-out once the host no longer waits for its exchanges.</param>
/// <param name="giveUp">Canceled when the host no longer waits for its exchanges.</param>
internal sealed class BoundedReceiver(
    IResultReceiver receiver, TimeSpan timeout, ExchangeHistory history, TimeProvider time, ILogger logger, TimeSpan lastMoment, CancellationToken giveUp) : IDisposable
{
    private const string ServerStopped = "the server has stopped";

    private readonly string _name = receiver.GetType().Name;

    /// <summary>Shared by all results until a time-out cancels it, so that a result costs no token of its own.</summary>
    private volatile CancellationTokenSource _canceling = new();

    /// <summary>Whether a delivery goes on whose time is over. The receiver gets no other result meanwhile: it is not made for two calls at once.</summary>
    private volatile bool _isLate;

    /// <summary>The result whose delivery has not ended, and that is not reported yet.</summary>
    private CompletedExchange? _pending;

    /// <summary>Never throws.</summary>
    public async ValueTask DeliverAsync(CompletedExchange result)
    {
        if (_isLate)
        {
            Report(result, "still busy with an earlier result");
            return;
        }

        Volatile.Write(ref _pending, result);
        try
        {
            await (receiver is IBlockingReceiver ? receiver.ReceiveAsync(result, _canceling.Token) : new(ReceiveElsewhereAsync(result, _canceling.Token)));
            Volatile.Write(ref _pending, null);
        }
        catch (Exception exception)
        {
            ReportPending(Words(exception), exception);
        }
    }

    /// <summary>Called at the end of the host. Reports the result of a delivery that has not ended, and cancels it.</summary>
    public void Dispose()
    {
        // A blocking receiver reports its own pending result.
        if (receiver is not IBlockingReceiver)
        {
            ReportPending(ServerStopped);
        }

        _ = _canceling.CancelAsync();
    }

    /// <summary>Calls the receiver on another thread. Returns when the receiver has taken the result, or when its time is over.</summary>
    private async Task ReceiveElsewhereAsync(CompletedExchange result, CancellationToken cancellationToken)
    {
        var delivery = Task.Run(() => receiver.ReceiveAsync(result, cancellationToken).AsTask(), CancellationToken.None);
        await delivery.WaitAsync(timeout, time, giveUp).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (giveUp.IsCancellationRequested)
        {
            await delivery.WaitAsync(lastMoment, time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        // The handler goes on from here, and its end blocks in the accept of the next client: not on the thread that has completed the
        // receiver's task, which is the host's.
        await Task.Yield();
        if (delivery.IsCompleted)
        {
            await delivery;
            return;
        }

        ReportPending(giveUp.IsCancellationRequested ? ServerStopped : string.Create(CultureInfo.InvariantCulture, $"timed out after {timeout.TotalSeconds} s"));
        // On another thread: what the receiver has registered with the token may block.
        _ = _canceling.CancelAsync();
        _isLate = true;
        _ = ObserveAsync(delivery);
    }

    /// <summary>Waits for the end of a delivery whose time is over, so that its exception is observed and the receiver gets results again.</summary>
    private async Task ObserveAsync(Task delivery)
    {
        await delivery.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _canceling = new CancellationTokenSource();
        _isLate = false;
        if (!giveUp.IsCancellationRequested)
        {
            var error = delivery.Exception?.GetBaseException();
            AccioLog.ReceiverBack(
                logger,
                _name,
                delivery.IsCanceled ? "was canceled"
                    : error is null ? "has ended"
                    : $"has failed, {Words(error)}",
                error);
        }
    }

    private static string Words(Exception exception) => $"{exception.GetType().Name}: {exception.Message.ReplaceLineEndings(" ")}";

    /// <summary>Reports the pending result, unless the end of the host has done so already.</summary>
    private void ReportPending(string reason, Exception? exception = null)
    {
        if (Interlocked.Exchange(ref _pending, null) is { } result)
        {
            Report(result, reason, exception);
        }
    }

    private void Report(CompletedExchange result, string reason, Exception? exception = null)
    {
        history.CountUndelivered();
        AccioLog.ResultUndelivered(
            logger, _name, reason, result.ConnectionId, result.Peer, result.Line, result.Reason ?? "counted", result.Bytes, $"{result.Step}", result.StartedAt,
            result.EndedAt, result.Duration.TotalSeconds, exception);
    }
}
