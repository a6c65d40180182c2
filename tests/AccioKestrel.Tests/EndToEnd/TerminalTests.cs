using System.Text.RegularExpressions;

namespace AccioKestrel.Tests.EndToEnd;

/// <summary>What a user sees on a terminal, while standard output goes to a file.</summary>
public sealed partial class TerminalTests
{
    [Fact]
    public async Task Terminal_ShowsProgress_ThenOneLineForEachResult_AndNoneOfItIsOutput()
    {
        Assert.SkipUnless(PlatformSocket.ReportsQueue, "This system does not report the queue.");
        await using var run = await StartAsync(options: "--idle-timeout 3600");
        using var client = await run.ConnectAsync();
        await client.ConfirmBothAsync();
        await client.SendAsync(new byte[3 * 1024 * 1024]);
        using var second = await run.ConnectAsync();

        // The progress line: bytes, rate, duration, and how many clients wait.
        await run.Terminal.WaitUntilAsync(screen => Progress().IsMatch(screen));
        var before = await run.Terminal.WaitUntilAsync(screen => Time(screen).Length > 0);
        Assert.Contains("3.00 MiB, ", before, StringComparison.Ordinal);
        // Not second by second: a busy machine may leave some out.
        await run.Terminal.WaitUntilAsync(screen => Time(screen).Length > 0 && !Time(screen).Equals(Time(before), StringComparison.Ordinal));
        client.HalfClose();
        await second.ConfirmBothAsync();
        await second.SendAsync("hello");
        second.HalfClose();

        var screen = await run.Terminal.WaitUntilAsync(screen => Summary("5 B").IsMatch(screen));
        Assert.Matches(Summary(@"3\.00 MiB"), screen);
        // Of the line that moved, nothing is left.
        Assert.DoesNotContain("waiting", screen, StringComparison.Ordinal);
        await run.ExpectFileAsync("3145728\n5\n");

        static string Time(string screen) => Regex.Match(screen, @" \d:\d\d:\d\d, 1 waiting", RegexOptions.None, TimeSpan.FromSeconds(1)).Value;
    }

    [Fact]
    public async Task Terminal_LogLinesDuringATransfer_StandAboveTheProgress()
    {
        await using var run = await StartAsync("Logging__LogLevel__Microsoft=Debug");
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
            await using var run = await StartAsync(variable);
            using var client = await run.ConnectAsync();
            await client.SendAsync("hello");
            await run.Terminal.WaitUntilAsync(screen => screen.Contains("wrong byte: byte 1 of confirm-accio is 'h', expected 'c'", StringComparison.Ordinal));
            Assert.Equal(red, (await run.Terminal.ColouredScreenAsync()).Contains("\e[", StringComparison.Ordinal));
            await run.ExpectFileAsync("ERROR\n");
        }
    }

    [Fact]
    public async Task Terminal_SilentClient_SaysWhatTheServerWaitsFor()
    {
        await using var run = await StartAsync(options: "--idle-timeout 3600");
        using var client = await run.ConnectAsync();
        await run.Terminal.WaitUntilAsync(screen => IsSilent(screen, "waiting for confirm-accio"));
        await client.SendFirstConfirmationAsync();
        await run.Terminal.WaitUntilAsync(screen => IsSilent(screen, "waiting for confirm-accio-again"));
        await client.SendSecondConfirmationAsync();
        await client.SendAsync("hello");
        await run.Terminal.WaitUntilAsync(screen => IsSilent(screen, "5 B"));

        static bool IsSilent(string screen, string what) =>
            Regex.IsMatch(screen, $"(?m)  {what}, silent [1-9] s of 3600 s(, 0:00:0.)?$", RegexOptions.None, Patience.Limit);
    }

    [Fact]
    public async Task Terminal_Quiet_StaysEmpty()
    {
        await using var run = await StartAsync(options: "--quiet");
        using var client = await run.ConnectAsync();
        await client.TransferAsync(5);
        await run.ExpectFileAsync("5\n");
        Assert.Empty(await run.Terminal.ScreenAsync());
    }

    [Fact]
    public async Task Terminal_TooNarrow_ShortensTheProgressToOneLine()
    {
        await using var run = await StartAsync(columns: 24);
        using var client = await run.ConnectAsync();
        await client.ConfirmBothAsync();
        await client.SendAsync(new byte[1024]);
        await run.Terminal.WaitUntilAsync(screen => screen.EndsWith("\n  1.00 KiB, silent 3 s", StringComparison.Ordinal) || screen.Equals("  1.00 KiB, silent 3 s", StringComparison.Ordinal));
        client.HalfClose();
        var screen = await run.Terminal.WaitUntilAsync(screen => screen.Contains("1.00\n  KiB in", StringComparison.Ordinal));
        Assert.DoesNotContain("silent", screen, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(100)]
    [InlineData(40)]
    [InlineData(26)]
    public async Task Terminal_FirstScreen_IsSentences(int columns)
    {
        Needs.Installed("tmux");
        var port = AccioServer.FreePort();
        await using var terminal = await TerminalSession.StartAsync($"Acio__Quiet=1 {TerminalSession.Quote(AccioServer.Binary)} {port} --status {AccioServer.FreePort()}", columns);
        var screen = await terminal.WaitUntilAsync(screen => Flat(screen).EndsWith(" Press Ctrl+C to stop the server", StringComparison.Ordinal));
        Assert.Matches(
            $@"^Listening on 0\.0\.0\.0:{port} warning: .*Acio.* Serving Accio without TLS Status page at http://127\.0\.0\.1:\d+/ Press Ctrl\+C to stop the server$",
            Flat(screen));
        // Only results begin at the edge.
        Assert.All(screen.Split('\n'), row => Assert.StartsWith("  ", row, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(40)]
    [InlineData(24)]
    public async Task Terminal_FailedStart_IsNotBrokenInsideWords(int columns)
    {
        Needs.Installed("tmux");
        await using var terminal = await TerminalSession.StartAsync($"{TerminalSession.Quote(AccioServer.Binary)} 5000 --idle-timeout ten", columns);
        var screen = await terminal.WaitUntilAsync(screen => screen.Contains("exit code 1", StringComparison.Ordinal));
        var rows = screen.Split('\n').TakeWhile(row => !row.StartsWith("exit", StringComparison.Ordinal));
        Assert.All(rows.Skip(1), row => Assert.StartsWith("  ", row, StringComparison.Ordinal));
        Assert.Equal(
            "ERROR: --idle-timeout takes a number of seconds from 0.001 to 86400, not 'ten'. Try accio-kestrel --help.", Flat(string.Join('\n', rows)));
    }

    [Fact]
    public async Task Terminal_CtrlC_StopsTheServerAndLeavesTheTerminalInOrder()
    {
        await using var run = await StartAsync();
        using var client = await run.ConnectAsync();
        await client.ConfirmBothAsync();
        await client.SendAsync("hello");
        await run.Terminal.WaitUntilAsync(screen => screen.Contains("5 B, ", StringComparison.Ordinal));
        await run.Terminal.PressAsync("C-c");
        client.HalfClose();
        var screen = await run.Terminal.WaitUntilAsync(screen => screen.Contains("exit code ", StringComparison.Ordinal));
        Assert.Matches(Summary("5 B"), screen);
        Assert.Contains("\nexit code 0", screen, StringComparison.Ordinal);
        await run.ExpectFileAsync("5\n");
    }

    /// <summary>The rows as one line. A word that was broken over two rows becomes two.</summary>
    private static string Flat(string rows) => Regex.Replace(rows, @"\s+", " ", RegexOptions.None, Patience.Limit).Trim();

    private static Regex Summary(string size) =>
        new($@"(?m)^  127\.0\.0\.1:\d+  {size} in (less than 1 ms|\d+ ms|\d+\.\d\d s)(, [0-9.]+ ([KMG]i)?B/s)?$", RegexOptions.None, TimeSpan.FromSeconds(1));

    [GeneratedRegex(@"^  127\.0\.0\.1:\d+  3\.00 MiB, ([0-9.]+ ([KMG]i)?B/s|silent \d+ s of 3600 s), 0:\d\d:\d\d, 1 waiting$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Progress();

    /// <summary>The server in a terminal, with its standard output in a file.</summary>
    private static Task<TerminalRun> StartAsync(string variable = "", string options = "", int columns = 100) =>
        TerminalRun.StartWithLogAsync($"env {variable}", options, "> {0}", columns);
}
