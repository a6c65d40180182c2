using System.Globalization;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Spectre.Console;

namespace AccioKestrel;

/// <summary>Shows on the terminal what the server is doing: a line that moves while a client is served, and one that stays for each result.</summary>
internal sealed class TerminalProgress : BackgroundService
{
    private static readonly TimeSpan s_redraw = TimeSpan.FromMilliseconds(200);

    /// <summary>More results than this between two looks are not for reading; the last ones are shown.</summary>
    private const int Readable = 200;

    private readonly Terminal _terminal;
    private readonly ExchangeJournal _journal;
    private readonly AccioListeners _listeners;
    private readonly TimeProvider _time;
    private readonly Channel<ExchangeResult> _results;
    private int _leftOut;

    public TerminalProgress(Terminal terminal, ExchangeJournal journal, AccioListeners listeners, TimeProvider time)
    {
        _terminal = terminal;
        _journal = journal;
        _listeners = listeners;
        _time = time;
        // Bounded, and written to without waiting: a terminal that is stopped (Ctrl+S) must not stop the server.
        _results = Channel.CreateBounded<ExchangeResult>(
            new BoundedChannelOptions(Readable) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true }, _ => Interlocked.Increment(ref _leftOut));
        _journal.Ended += result => _results.Writer.TryWrite(result);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        WriteResults();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var redraw = new PeriodicTimer(s_redraw, _time);
        try
        {
            while (await redraw.WaitForNextTickAsync(stoppingToken))
            {
                WriteResults();
                if (_journal.Current is { } record)
                {
                    var rate = new RecentRate();
                    await _terminal.Console.Live(Line(record, rate)).AutoClear(true).StartAsync(async line =>
                    {
                        while (_journal.Current == record && await redraw.WaitForNextTickAsync(stoppingToken))
                        {
                            line.UpdateTarget(Line(record, rate));
                        }
                    });
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The host stops.
        }
        catch (IOException)
        {
            // The terminal is gone. The results are not for it, and the server goes on.
        }
    }

    private Text Line(ExchangeRecord record, RecentRate rate)
    {
        var elapsed = record.Elapsed;
        var bytesPerSecond = rate.Look(record.Bytes, elapsed);
        var waiting = _listeners.Waiting is > 0 and var count ? string.Create(CultureInfo.InvariantCulture, $", {count} waiting") : "";
        var what = record.Step is ExchangeStep.File
            ? $"{ByteText.Size(record.Bytes)}, {ByteText.Size(bytesPerSecond)}/s, {elapsed:h\\:mm\\:ss}"
            : string.Create(CultureInfo.InvariantCulture, $"step {(int)record.Step} of {(int)ExchangeStep.File}, {elapsed:h\\:mm\\:ss}");
        return new Text(Shorten($"{record.Peer}  {what}{waiting}"), new Style(Color.Blue));
    }

    /// <summary>One line it must be, or the terminal would scroll with each redraw.</summary>
    private string Shorten(string line) =>
        _terminal.Console.Profile.Width is var width && line.Length > width ? string.Concat(line.AsSpan(0, width - 1), "…") : line;

    private void WriteResults()
    {
        if (Interlocked.Exchange(ref _leftOut, 0) is > 0 and var leftOut)
        {
            _terminal.Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"({leftOut} more results)"));
        }

        while (_results.Reader.TryRead(out var result))
        {
            _terminal.Console.WriteLine(Summary(result), result.Outcome.Failure is null ? Style.Plain : new Style(Color.Red));
        }
    }

    private static string Summary(in ExchangeResult result)
    {
        var time = string.Create(CultureInfo.InvariantCulture, $"{result.Duration.TotalSeconds:0.00} s");
        var size = ByteText.Size(result.Outcome.Bytes);
        return result.Outcome.Failure is { } failure
            ? $"{result.Peer}  ERROR by {failure} in step {result.Step} after {size} and {time}"
            : $"{result.Peer}  {size} in {time}, {ByteText.Rate(result.Outcome.Bytes, result.Duration)}";
    }
}
