using System.Globalization;
using AccioKestrel.Exchange;
using AccioKestrel.Transport;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace AccioKestrel.Terminal;

/// <summary>
/// Shows on standard error's terminal what the server is doing: a progress line while a client is served, a summary behind each
/// result, the grace period of a stop, and a summary of the run.
/// </summary>
internal sealed class TerminalDisplay : BackgroundService
{
    private static readonly TimeSpan s_redraw = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// How long summary and progress line wait when results do not go to this terminal directly. The result may reach it through another
    /// program, such as <c>tee</c>, and must appear first.
    /// </summary>
    private static readonly TimeSpan s_detour = TimeSpan.FromMilliseconds(100);

    /// <summary>The most summaries that wait. More in a row cannot be read, so only the last ones are shown.</summary>
    private const int Readable = 200;

    private readonly Terminals _terminal;
    private readonly TerminalWriter _writer;
    private readonly ExchangeHistory _history;
    private readonly BoundListeners _listeners;
    private readonly TimeProvider _time;
    private readonly TimeSpan _grace;
    private readonly TimeSpan _idleTimeout;
    private readonly CancellationTokenRegistration _stopping;
    private readonly Lock _lock = new();
    private readonly Queue<(string Summary, long At)> _summaries = new();
    private int _summariesLeftOut;

    public TerminalDisplay(
        Terminals terminal,
        ExchangeHistory history,
        ExchangeEvents events,
        BoundListeners listeners,
        IOptions<AccioOptions> options,
        IOptions<HostOptions> host,
        IHostApplicationLifetime lifetime,
        TimeProvider time)
    {
        _terminal = terminal;
        _writer = terminal.Error!;
        _history = history;
        _listeners = listeners;
        _time = time;
        _grace = host.Value.ShutdownTimeout;
        _idleTimeout = TimeSpan.FromSeconds(options.Value.IdleTimeout);
        events.Ended += result => Show(Summary(result));
        events.HandshakeFailed += (exchange, reason) =>
            Show(_terminal.Red(Line($"{exchange.Peer}  not served, TLS handshake failed after {DurationText.Of(exchange.Elapsed)}: {reason}")));
        _stopping = lifetime.ApplicationStopping.Register(AnnounceStop);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        WriteSummaries(TimeSpan.Zero);
        _writer.WriteSummary(Line(SummaryOfRun()));
    }

    public override void Dispose()
    {
        _stopping.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var redraw = new PeriodicTimer(s_redraw, _time);
        ActiveExchange? shown = null;
        var rate = new RecentRate();
        try
        {
            while (await redraw.WaitForNextTickAsync(stoppingToken))
            {
                var version = _writer.Version;
                var areShown = WriteSummaries(s_detour);
                // An exchange that has ended is not in progress: its result may wait for its reader.
                var exchange = _history.Current is { HasEnded: false } current ? current : null;
                if (exchange != shown)
                {
                    shown = exchange;
                    rate = new RecentRate();
                }

                if (areShown)
                {
                    var line = exchange is null ? "" : ProgressLine.Of(
                        exchange, rate.Sample(exchange.Bytes, exchange.Elapsed), _listeners.Waiting ?? 0, _idleTimeout, Terminals.Width - 1);
                    _writer.ShowProgress(line, version);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The host stops.
        }
    }

    /// <summary>Shows a line about a client, on the handler's thread. If the client has a result, the result was written before.</summary>
    private void Show(string summary)
    {
        if (_terminal.Output is not null)
        {
            _writer.WriteSummary(summary);
            return;
        }

        lock (_lock)
        {
            _summaries.Enqueue((summary, _time.GetTimestamp()));
            if (_summaries.Count > Readable)
            {
                _summaries.Dequeue();
                _summariesLeftOut++;
            }
        }
    }

    /// <summary>Shows the summaries that have waited for at least this time.</summary>
    /// <returns>Whether all are shown.</returns>
    private bool WriteSummaries(TimeSpan age)
    {
        lock (_lock)
        {
            if (_summariesLeftOut > 0)
            {
                _writer.WriteSummary(string.Create(CultureInfo.InvariantCulture, $"{TerminalText.Indent}({_summariesLeftOut} summaries left out)"));
                _summariesLeftOut = 0;
            }

            while (_summaries.TryPeek(out var next) && _time.GetElapsedTime(next.At) >= age)
            {
                _writer.WriteSummary(_summaries.Dequeue().Summary);
            }

            return _summaries.Count == 0;
        }
    }

    private void AnnounceStop()
    {
        if (_history.Current is { IsInTransfer: true } exchange)
        {
            _writer.WriteSummary(Line(string.Create(
                CultureInfo.InvariantCulture,
                $"Stopping: the file of {exchange.Peer} has {_grace.TotalSeconds} s to end. Press Ctrl+C again to end it now.")));
        }

        // Runs before the listeners are unbound, so their queues can still be read.
        if (_listeners.WaitingInOwnQueues is > 0 and var waiting)
        {
            _writer.WriteSummary(Line(string.Create(
                CultureInfo.InvariantCulture, $"Stopping: {waiting} waiting client{(waiting == 1 ? "" : "s")} will be disconnected without being served.")));
        }
    }

    private string Summary(CompletedExchange result)
    {
        var size = ByteText.Size(result.Bytes);
        return result.Reason is { } reason
            ? _terminal.Red(Line($"{result.Peer}  {reason}{(result.Step is ExchangeStep.File ? $", after {size} in {DurationText.Of(result.Duration)}" : "")}"))
            : Line($"{result.Peer}  {size} {ByteText.InTime(result.Bytes, result.Duration)}");
    }

    /// <summary>An indented line: only results begin in the first column.</summary>
    private static string Line(string text) => TerminalText.Wrap(TerminalText.Indent + text, Terminals.Width);

    private string SummaryOfRun()
    {
        var time = DurationText.Clock(_history.Uptime);
        var handshakes = _history.FailedTlsHandshakes is > 0 and var failed
            ? string.Create(CultureInfo.InvariantCulture, $" Not served, TLS handshake failed: {failed}.")
            : "";
        var run = _history.Snapshot();
        if (run.Ended == 0)
        {
            return $"Clients served: none in {time}.{handshakes}";
        }

        return string.Create(
            CultureInfo.InvariantCulture,
            $"Clients served: {run.Ended} in {time}, {ByteText.Size(run.Bytes)} received. Counted: {run.Counted}. Errors: {run.Errors}{ExchangeWords.Failures(run)}.{handshakes}");
    }
}
