using System.Globalization;
using AccioKestrel.Diagnostics;
using Microsoft.Extensions.Logging;

namespace AccioKestrel.Exchange;

/// <summary>A receiver whose exceptions and delays cost no other receiver a result, and no client more than the time-out.</summary>
internal sealed class BoundedReceiver(IResultReceiver receiver, TimeSpan timeout, ExchangeHistory history, TimeProvider time, ILogger logger) : IDisposable
{
    private readonly string _name = receiver.GetType().Name;

    /// <summary>One for all results until it is canceled: a result that is taken at once must not cost a token.</summary>
    private volatile CancellationTokenSource _canceling = new();

    /// <summary>The delivery whose time is over. Until it ends, the receiver gets no other result: it is not made for two calls at once.</summary>
    private volatile Task _late = Task.CompletedTask;

    /// <summary>The result whose delivery has not ended, and that is not reported yet.</summary>
    private CompletedExchange? _pending;

    public ValueTask DeliverAsync(CompletedExchange result)
    {
        if (!_late.IsCompleted)
        {
            Report(result, "it is still busy with an earlier one");
            return ValueTask.CompletedTask;
        }

        Volatile.Write(ref _pending, result);
        try
        {
            var delivery = receiver is IBlockingReceiver ? receiver.ReceiveAsync(result, _canceling.Token) : new(ReceiveElsewhereAsync(result, _canceling.Token));
            if (!delivery.IsCompleted)
            {
                return WaitAsync(delivery.AsTask());
            }

            delivery.GetAwaiter().GetResult();
            Volatile.Write(ref _pending, null);
        }
        catch (Exception exception)
        {
            ReportPending(exception);
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>Called at the end of the host. Reports the result of a delivery that has not ended, and cancels it.</summary>
    public void Dispose()
    {
        ReportPending("the server has stopped");
        _ = _canceling.CancelAsync();
    }

    private Task ReceiveElsewhereAsync(CompletedExchange result, CancellationToken cancellationToken) =>
        Task.Run(() => receiver.ReceiveAsync(result, cancellationToken).AsTask(), CancellationToken.None);

    private async ValueTask WaitAsync(Task delivery)
    {
        await delivery.WaitAsync(timeout, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (delivery.IsCompleted)
        {
            try
            {
                await delivery;
                Volatile.Write(ref _pending, null);
            }
            catch (Exception exception)
            {
                ReportPending(exception);
            }

            return;
        }

        ReportPending(string.Create(CultureInfo.InvariantCulture, $"not within {timeout.TotalSeconds} s"));
        // On another thread: what the receiver has registered with the token may block.
        _ = _canceling.CancelAsync();
        _late = ObserveAsync(delivery);
    }

    /// <summary>Waits for the end of a delivery whose time is over, so that its exception is observed and the receiver gets results again.</summary>
    private async Task ObserveAsync(Task delivery)
    {
        await delivery.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _canceling = new CancellationTokenSource();
        AccioLog.ReceiverBack(logger, _name);
    }

    private void ReportPending(Exception exception) => ReportPending($"{exception.GetType().Name}: {exception.Message.ReplaceLineEndings(" ")}", exception);

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
