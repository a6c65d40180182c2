using System.Diagnostics;
using System.Runtime.InteropServices;
using Spectre.Console;

namespace AccioKestrel.Client;

/// <summary>
/// What the user sees on standard error: in a terminal the wait and the progress, live; elsewhere one line about a wait
/// that was worth mentioning.
/// </summary>
internal sealed class TransferDisplay : IDisposable
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_worthMentioning = TimeSpan.FromSeconds(1);

    private readonly bool _quiet;
    private readonly IAnsiConsole? _terminal;
    private readonly PosixSignalRegistration[] _signals = [];

    public TransferDisplay(bool quiet)
    {
        _quiet = quiet;
        if (quiet || Console.IsErrorRedirected)
        {
            return;
        }

        var terminal = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(Console.Error),
            // It is a terminal, whatever else the environment says about where this runs.
            Interactive = InteractionSupport.Yes,
            Enrichment = new ProfileEnrichment { UseDefaultEnrichers = false },
        });
        if (terminal.Profile.Capabilities.Ansi)
        {
            _terminal = terminal;
            // The live display hides the cursor. These signals end the process, as they do by default; they should not
            // leave its user without one.
            _signals = [.. ((PosixSignal[])[PosixSignal.SIGINT, PosixSignal.SIGTERM]).Select(signal => PosixSignalRegistration.Create(signal, _ => terminal.Cursor.Show()))];
        }
    }

    /// <summary>Shows how long the client has been waiting for its turn.</summary>
    public async Task ShowQueueAsync(Task wait)
    {
        var clock = Stopwatch.StartNew();
        if (_terminal is null)
        {
            await wait;
        }
        else
        {
            await _terminal.Status().StartAsync("Connected", status =>
                RefreshUntilEndOfAsync(wait, () => status.Status = $"Waiting in the queue for {(int)clock.Elapsed.TotalSeconds} s"));
        }

        if (!_quiet && clock.Elapsed >= s_worthMentioning)
        {
            await Console.Error.WriteLineAsync($"Waited in the queue for {(int)clock.Elapsed.TotalSeconds} s.");
        }
    }

    /// <summary>Shows how far the file is.</summary>
    /// <param name="transfer">The transfer, under way.</param>
    /// <param name="name">What the file is called.</param>
    /// <param name="size">Its size, if that is known.</param>
    /// <param name="delivered">How many bytes of it have arrived.</param>
    public Task ShowFileAsync(Task transfer, string name, long? size, Func<long> delivered)
    {
        if (_terminal is null)
        {
            return transfer;
        }

        ProgressColumn bar = new ProgressBarColumn { Width = 20 };
        ProgressColumn[] columns = size is null
            ? [new TaskDescriptionColumn(), new TransferSpeedColumn(), new ElapsedTimeColumn()]
            : [new TaskDescriptionColumn(), bar, new PercentageColumn(), new DownloadedColumn(), new TransferSpeedColumn(), new RemainingTimeColumn()];
        return _terminal.Progress().Columns(columns).ExcludeVerticalPadding().StartAsync(async progress =>
        {
            var task = progress.AddTask(Markup.Escape(name), maxValue: size ?? double.MaxValue);
            await RefreshUntilEndOfAsync(transfer, () =>
            {
                var bytes = delivered();
                task.Value = bytes;
                if (size is null)
                {
                    task.Description = $"{Markup.Escape(name)}: {bytes:N0} bytes";
                }
            });
            // The file may have shrunk on the way; it is at its end all the same.
            task.MaxValue = task.Value;
        });
    }

    public void Dispose() => Array.ForEach(_signals, signal => signal.Dispose());

    private static async Task RefreshUntilEndOfAsync(Task work, Action refresh)
    {
        do
        {
            refresh();
            await Task.WhenAny(work, Task.Delay(s_interval));
        }
        while (!work.IsCompleted);

        refresh();
        await work;
    }
}
