using System.Text.RegularExpressions;

namespace AccioKestrel.Tests.EndToEnd;

/// <summary>What a user sees on a terminal, while standard output goes to a file.</summary>
public sealed partial class TerminalTests
{
    [Fact]
    public async Task Terminal_ShowsProgress_ThenOneLineForEachResult_AndNoneOfItIsOutput()
    {
        await using var run = await Run.StartAsync();
        using var client = await run.ConnectAsync();
        await client.ConfirmBothAsync();
        await client.SendAsync(new byte[3 * 1024 * 1024]);
        using var second = await run.ConnectAsync();

        // A line that moves: how much, how fast, for how long, and who waits.
        await run.Terminal.WaitUntilAsync(screen => Progress().IsMatch(screen));
        var before = await run.Terminal.WaitUntilAsync(screen => screen.Contains(" 0:00:01, 1 waiting", StringComparison.Ordinal));
        Assert.Contains("3.00 MiB, ", before, StringComparison.Ordinal);
        await run.Terminal.WaitUntilAsync(screen => screen.Contains(" 0:00:02, 1 waiting", StringComparison.Ordinal));
        client.HalfClose();
        await second.ConfirmBothAsync();
        await second.SendAsync("hello");
        second.HalfClose();

        var screen = await run.Terminal.WaitUntilAsync(screen => Summary("5 B").IsMatch(screen));
        Assert.Matches(Summary(@"3\.00 MiB"), screen);
        // Of the line that moved, nothing is left.
        Assert.DoesNotContain("waiting", screen, StringComparison.Ordinal);
        await run.ExpectOutputAsync("3145728\n5\n");
    }

    [Fact]
    public async Task Terminal_LogLinesDuringATransfer_StandAboveTheProgress()
    {
        await using var run = await Run.StartAsync("Logging__LogLevel__Microsoft.AspNetCore.Server.Kestrel.Connections=Debug");
        using var client = await run.ConnectAsync();
        await client.ConfirmBothAsync();
        await client.SendAsync(new byte[1024]);
        await run.Terminal.WaitUntilAsync(screen => screen.Contains("1.00 KiB, ", StringComparison.Ordinal));
        client.HalfClose();
        await run.Terminal.WaitUntilAsync(screen => Regex.Count(screen, @"(?m)^dbug: ", RegexOptions.None, TimeSpan.FromSeconds(1)) >= 2 && Summary(@"1\.00 KiB").IsMatch(screen));
    }

    [Fact]
    public async Task Terminal_AfterAnError_SaysWhyInRed_UnlessNoColourIsWanted()
    {
        foreach (var (variable, red) in ((string, bool)[])[("", true), ("NO_COLOR=1", false)])
        {
            await using var run = await Run.StartAsync(variable);
            using var client = await run.ConnectAsync();
            await client.SendAsync("hello");
            await run.Terminal.WaitUntilAsync(screen => screen.Contains("ERROR by WrongByte in step FirstConfirmation after 0 B", StringComparison.Ordinal));
            Assert.Equal(red, (await run.Terminal.ColouredScreenAsync()).Contains("\e[", StringComparison.Ordinal));
            await run.ExpectOutputAsync("ERROR\n");
        }
    }

    [Fact]
    public async Task Terminal_Quiet_StaysEmpty()
    {
        await using var run = await Run.StartAsync(options: "--quiet");
        using var client = await run.ConnectAsync();
        await client.TransferAsync(5);
        await run.ExpectOutputAsync("5\n");
        Assert.Empty(await run.Terminal.ScreenAsync());
    }

    [Fact]
    public async Task Terminal_TooNarrow_ShortensTheProgressToOneLine()
    {
        await using var run = await Run.StartAsync(columns: 30);
        using var client = await run.ConnectAsync();
        await client.ConfirmBothAsync();
        await client.SendAsync(new byte[1024]);
        await run.Terminal.WaitUntilAsync(screen => screen.EndsWith('…'));
        client.HalfClose();
        var screen = await run.Terminal.WaitUntilAsync(screen => screen.Contains("1.00 KiB in", StringComparison.Ordinal));
        Assert.DoesNotContain('…', screen);
    }

    [Fact]
    public async Task Terminal_CtrlC_StopsTheServerAndLeavesTheTerminalInOrder()
    {
        await using var run = await Run.StartAsync();
        using var client = await run.ConnectAsync();
        await client.ConfirmBothAsync();
        await client.SendAsync("hello");
        await run.Terminal.WaitUntilAsync(screen => screen.Contains("5 B, ", StringComparison.Ordinal));
        await run.Terminal.PressAsync("C-c");
        client.HalfClose();
        var screen = await run.Terminal.WaitUntilAsync(screen => screen.Contains("exit code ", StringComparison.Ordinal));
        Assert.Matches(Summary("5 B"), screen);
        Assert.Contains("\nexit code 0", screen, StringComparison.Ordinal);
        await run.ExpectOutputAsync("5\n");
    }

    private static Regex Summary(string size) =>
        new($@"(?m)^127\.0\.0\.1:\d+  {size} in \d+\.\d\d s, [0-9.]+ ([KMG]i)?B/s$", RegexOptions.None, TimeSpan.FromSeconds(1));

    [GeneratedRegex(@"^127\.0\.0\.1:\d+  3\.00 MiB, [0-9.]+ ([KMG]i)?B/s, 0:00:0\d, 1 waiting$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Progress();

    /// <summary>The server in a terminal, with its standard output in a file.</summary>
    private sealed class Run : IAsyncDisposable
    {
        private readonly string _output;
        private readonly int _port;

        private Run(TerminalSession terminal, string output, int port)
        {
            Terminal = terminal;
            _output = output;
            _port = port;
        }

        public TerminalSession Terminal { get; }

        public static async Task<Run> StartAsync(string variable = "", string options = "", int columns = 100)
        {
            Assert.SkipUnless(TerminalSession.IsPossible, "tmux is not installed.");
            var port = AccioServer.FreePort();
            var output = Path.GetTempFileName();
            var run = new Run(
                await TerminalSession.StartAsync(
                    $"env {variable} {TerminalSession.Quote(AccioServer.Binary)} {port} {options} > {TerminalSession.Quote(output)}", columns),
                output, port);
            await AccioServer.UntilListeningAsync(port);
            return run;
        }

        public Task<AccioClient> ConnectAsync() => AccioClient.ConnectAsync(_port);

        public Task ExpectOutputAsync(string expected) => Patience.UntilEqual(expected, () => File.ReadAllText(_output));

        public async ValueTask DisposeAsync()
        {
            await Terminal.DisposeAsync();
            File.Delete(_output);
        }
    }
}
