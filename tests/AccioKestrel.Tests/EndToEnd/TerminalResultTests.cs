using System.Text.RegularExpressions;

namespace AccioKestrel.Tests.EndToEnd;

/// <summary>What a person reads who types the command into a terminal: results and everything else on the same screen.</summary>
public sealed partial class TerminalResultTests
{
    [Theory]
    [InlineData(20)]
    [InlineData(40)]
    [InlineData(80)]
    [InlineData(200)]
    public async Task Result_AfterAProgressLine_StandsAlone_BeforeItsSummaryAndTheNextClient(int columns)
    {
        await using var run = await TerminalRun.StartAsync(columns: columns);
        using var first = await run.ConnectAsync();
        await first.ConfirmBothAsync();
        await first.SendAsync(new byte[1_000_000]);
        using var second = await run.ConnectAsync();
        await run.Terminal.WaitUntilAsync(screen => screen.Contains("  977 KiB", StringComparison.Ordinal));
        first.HalfClose();
        await second.ExpectCommandAsync();
        await run.Terminal.WaitUntilAsync(screen => screen.Contains("confirm-accio", StringComparison.Ordinal));
        await second.SendAsync("hello");

        await run.Terminal.WaitUntilAsync(screen => screen.Contains("\nERROR\n", StringComparison.Ordinal) && Flat(screen).EndsWith("after both confirmations)", StringComparison.Ordinal));
        var rows = await run.RowsAsync();
        // Only results begin at the edge, and what follows each of them is its own summary.
        Assert.Equal(["1000000", "ERROR"], rows.Where(row => !row.StartsWith(' ')));
        Assert.Matches(
            @"^1000000 127\.0\.0\.1:\d+ 977 KiB in (\d+ ms|\d+\.\d\d s), \S+ [KM]iB/s ERROR 127\.0\.0\.1:\d+ wrong byte: byte 1 of confirm-accio is 'h', expected 'c' \(an exchange begins with confirm-accio; the file comes after both confirmations\)$",
            Flat(string.Join('\n', rows)));
        Assert.All(rows, row => Assert.InRange(row.Length, 1, columns));
        Assert.DoesNotContain(rows, row => row.Contains("0:00:0", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(200, 20)]
    [InlineData(80, 30)]
    [InlineData(20, 80)]
    public async Task Result_AfterTheWindowWasResized_StandsAlone(int before, int after)
    {
        await using var run = await TerminalRun.StartAsync(columns: before);
        using var client = await run.ConnectAsync();
        await client.ConfirmBothAsync();
        await client.SendAsync(new byte[1_000_000]);
        await run.Terminal.WaitUntilAsync(screen => screen.Contains("  977 KiB", StringComparison.Ordinal));
        await run.Terminal.ResizeAsync(after);
        await run.Terminal.WaitUntilAsync(screen => screen.Contains("silent 3 s of", StringComparison.Ordinal) || screen.EndsWith("\n  977 KiB", StringComparison.Ordinal));
        client.HalfClose();
        await run.Terminal.WaitUntilAsync(screen => Flat(screen).Contains("977 KiB in ", StringComparison.Ordinal));
        var rows = await run.RowsAsync();
        Assert.Equal(["1000000"], rows.Where(row => !row.StartsWith(' ')));
        // Of the progress line, not even a row that the narrower window has wrapped is left.
        Assert.DoesNotContain(rows, row => row.Contains("0:00:", StringComparison.Ordinal) || row.Contains("silent", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Results_OfAHundredQueuedClients_AreEachFollowedByTheirOwnSummary()
    {
        await using var run = await TerminalRun.StartAsync();
        var clients = new List<AccioClient>();
        try
        {
            for (var size = 0; size < 100; size++)
            {
                clients.Add(await run.ConnectAsync());
            }

            for (var size = 0; size < 100; size++)
            {
                await clients[size].TransferAsync(size);
            }
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
        }

        await run.Terminal.WaitUntilAsync(screen => screen.Contains("  99 B in ", StringComparison.Ordinal));
        var rows = await run.RowsAsync();
        Assert.Equal(200, rows.Count);
        for (var size = 0; size < 100; size++)
        {
            Assert.Equal($"{size}", rows[2 * size]);
            Assert.Matches($@"^  127\.0\.0\.1:\d+  {size} B in ", rows[(2 * size) + 1]);
        }
    }

    [Fact]
    public async Task Results_AtFullSpeed_AreAllThereAndWhole()
    {
        Assert.SkipWhen(PortableBranches.AreForced, "The variable's name has dots: see PortableBranches.");
        const int many = 3000;
        await using var run = await TerminalRun.StartAsync("env Logging__LogLevel__Microsoft.AspNetCore.Server.Kestrel.Connections=Debug", columns: 200);
        for (var size = 0; size < many; size++)
        {
            using var client = await run.ConnectAsync();
            await client.TransferAsync(size);
        }

        // Only then, for Ctrl+C discards what the terminal has not shown yet.
        await run.Terminal.WaitUntilAsync(screen => screen.Contains($"Connection id \"{many:X8}\" stopped.", StringComparison.Ordinal));
        await run.Terminal.PressAsync("C-c");
        await run.Terminal.WaitUntilAsync(screen => screen.Contains("exit code 0", StringComparison.Ordinal));
        var rows = await run.RowsAsync();
        Assert.Equal(Enumerable.Range(0, many).Select(size => $"{size}"), rows.Where(row => Number().IsMatch(row)));
        // No row is a mixture of two things that were written at the same time.
        Assert.All(rows, row => Assert.True(Whole().IsMatch(row), row));
    }

    [Theory]
    [InlineData("env NO_COLOR=1", true)]
    [InlineData("env TERM=dumb", false)]
    public async Task Result_WithoutColours_IsTheSame(string environment, bool hasProgress)
    {
        await using var run = await TerminalRun.StartAsync(environment);
        using var client = await run.ConnectAsync();
        if (hasProgress)
        {
            await run.Terminal.WaitUntilAsync(screen => screen.Contains("  waiting for confirm-accio", StringComparison.Ordinal));
        }

        await client.SendAsync("hello");
        await run.Terminal.WaitUntilAsync(screen => screen.Contains("confirmations)", StringComparison.Ordinal));
        Assert.DoesNotContain("\e", await run.Terminal.ColouredScreenAsync(), StringComparison.Ordinal);
        Assert.Matches(@"^ERROR\n  127\.0\.0\.1:\d+  wrong byte: byte 1 of confirm-accio is 'h', expected 'c' \(", string.Join('\n', await run.RowsAsync()));
    }

    [Fact]
    public async Task Result_ThroughTeeOnTheSameTerminal_StandsAlone()
    {
        await using var run = await TerminalRun.StartAsync(behind: "| tee /dev/null");
        using var client = await run.ConnectAsync();
        await client.ConfirmBothAsync();
        await client.SendAsync(new byte[1_000_000]);
        await run.Terminal.WaitUntilAsync(screen => screen.Contains("977 KiB, ", StringComparison.Ordinal));
        client.HalfClose();
        await run.Terminal.WaitUntilAsync(screen => screen.Contains("977 KiB in ", StringComparison.Ordinal));
        Assert.Matches(@"^1000000\n  127\.0\.0\.1:\d+  977 KiB in [^\n]*$", string.Join('\n', await run.RowsAsync()));
    }

    [Fact]
    public async Task Quiet_ShowsResultsAlone()
    {
        await using var run = await TerminalRun.StartAsync(options: "--quiet");
        using var client = await run.ConnectAsync();
        await client.TransferAsync(5);
        await run.Terminal.WaitUntilAsync(screen => screen.Contains('5', StringComparison.Ordinal));
        Assert.Equal(["5"], await run.RowsAsync());
    }

    [Fact]
    public async Task Stop_InMidFile_IsAnnounced_AndTheRunIsSummedUp()
    {
        await using var run = await TerminalRun.StartAsync(options: "--shutdown-grace 86400");
        using var counted = await run.ConnectAsync();
        await counted.TransferAsync(5);
        using var client = await run.ConnectAsync();
        await client.ConfirmBothAsync();
        await client.SendAsync(new byte[1024]);
        await run.Terminal.WaitUntilAsync(screen => screen.Contains("1.00 KiB, ", StringComparison.Ordinal));
        await run.Terminal.PressAsync("C-c");
        var screen = await run.Terminal.WaitUntilAsync(screen => screen.Contains("Press Ctrl+C again to end it now.", StringComparison.Ordinal));
        Assert.Matches(@"(?m)^  Stopping: the file of 127\.0\.0\.1:\d+ has 86400 s to end\. Press Ctrl\+C again to end it now\.$", screen);
        await run.Terminal.PressAsync("C-c");
        screen = await run.Terminal.WaitUntilAsync(screen => screen.Contains("exit code", StringComparison.Ordinal));
        Assert.Matches(
            @"\nERROR\n  127\.0\.0\.1:\d+  server stopped: receiving the file, after 1\.00 KiB in (\d+ ms|\d+\.\d\d s)\n  Clients served: 2 in \d:\d\d:\d\d, 1\.00 KiB received\. Counted: 1\. Errors: 1 \(1 server stopped\)\.\nexit code 0\b",
            screen);
    }

    [Theory]
    [InlineData(1, "Stopping: 1 waiting client will be disconnected without being served.")]
    [InlineData(3, "Stopping: 3 waiting clients will be disconnected without being served.")]
    public async Task Stop_WithClientsInTheQueue_SaysHowManyWereNotServed(int clients, string words)
    {
        Assert.SkipUnless(PlatformSocket.ReportsQueue, "This system does not report the queue.");
        await using var run = await TerminalRun.StartAsync();
        using var served = await run.ConnectAsync();
        await served.ExpectCommandAsync();
        using var queue = new WaitingClients(await Task.WhenAll(Enumerable.Range(0, clients).Select(_ => run.ConnectAsync())));
        await run.Terminal.WaitUntilAsync(screen => screen.Contains(AccioServer.Number(clients) + " waiting", StringComparison.Ordinal));
        await run.Terminal.PressAsync("C-c");
        await run.Terminal.WaitUntilAsync(screen => screen.Contains("exit code 0", StringComparison.Ordinal));
        var rows = await run.RowsAsync();
        Assert.Contains($"  {words}", rows);
        Assert.Equal(["ERROR", "exit code 0"], rows.Where(row => !row.StartsWith(' ') && !row.StartsWith("Pane", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task TlsHandshakes_ThatFail_AreShownAndCounted()
    {
        using var certificates = new TestCertificates();
        await using var run = await TerminalRun.StartAsync(options: certificates.ServerOptions);
        for (var number = 1; number <= 2; number++)
        {
            using var client = await run.ConnectAsync();
            await client.SendAsync("confirm-accio\r\n");
            await client.WaitForCloseAsync();
        }

        await run.Terminal.WaitUntilAsync(screen => Regex.Count(
            Flat(screen), @" 127\.0\.0\.1:\d+ not served, TLS handshake failed after (less than 1 ms|\d+ ms|\d+\.\d\d s): \w", RegexOptions.None, Patience.Limit) == 2);
        await run.Terminal.PressAsync("C-c");
        var screen = await run.Terminal.WaitUntilAsync(screen => screen.Contains("exit code 0", StringComparison.Ordinal));
        Assert.Matches(@"\n  Clients served: none in \d:\d\d:\d\d\. Not served, TLS handshake failed: 2\.\n", screen);
    }

    [Fact]
    public async Task StoppedTerminal_HoldsUpNoClient_AndNoStop()
    {
        await using var run = await TerminalRun.StartAsync(behind: "; echo exit code $? > {0}");
        await run.Terminal.PressAsync("C-s");
        for (var size = 0; size < 300; size++)
        {
            using var client = await run.ConnectAsync();
            await client.TransferAsync(size);
        }

        Signal.Terminate.SendTo(await run.ProcessIdAsync());
        await run.ExpectFileAsync("exit code 0\n");
    }

    [Fact]
    public async Task StoppedTerminal_ThatGoesOn_ShowsEveryResult()
    {
        await using var run = await TerminalRun.StartAsync();
        await run.Terminal.PressAsync("C-s");
        for (var size = 0; size < 300; size++)
        {
            using var client = await run.ConnectAsync();
            await client.TransferAsync(size);
        }

        await run.Terminal.PressAsync("C-q");
        await run.Terminal.WaitUntilAsync(screen => screen.Contains("  299 B in ", StringComparison.Ordinal));
        Assert.Equal(Enumerable.Range(0, 300).Select(size => $"{size}"), (await run.RowsAsync()).Where(row => Number().IsMatch(row)));
    }

    [Fact]
    public async Task ClosedTerminal_StopsTheServer()
    {
        // The shell passes the signal on, as an interactive one does, and outlives its terminal to say how the server has ended.
        await using var run = await TerminalRun.StartAsync(behind: "& server=$!; trap 'kill -HUP $server' HUP; wait $server; wait $server; echo exit code $? > {0}");
        using var client = await run.ConnectAsync();
        await client.ConfirmBothAsync();
        await client.SendAsync("hello");
        await run.Terminal.WaitUntilAsync(screen => screen.Contains("5 B, ", StringComparison.Ordinal));
        await run.Terminal.DisposeAsync();
        client.HalfClose();
        await client.WaitForCloseAsync();
        await run.ExpectFileAsync("exit code 0\n");
    }

    [Fact]
    public async Task ClosedTerminal_OfAServerThatIgnoresIt_HoldsUpNoClient()
    {
        // As nohup does it.
        await using var run = await TerminalRun.StartAsync("trap '' HUP;", behind: "; echo exit code $? > {0}");
        using var first = await run.ConnectAsync();
        await first.ConfirmBothAsync();
        await run.Terminal.WaitUntilAsync(screen => screen.Contains("0 B, ", StringComparison.Ordinal));
        var server = await run.ProcessIdAsync();
        await run.Terminal.DisposeAsync();
        first.HalfClose();
        await first.WaitForCloseAsync();
        for (var size = 0; size < 10; size++)
        {
            using var client = await run.ConnectAsync();
            await client.TransferAsync(size);
        }

        Signal.Terminate.SendTo(server);
        await run.ExpectFileAsync("exit code 0\n");
    }

    /// <summary>The rows as one line.</summary>
    private static string Flat(string rows) => Regex.Replace(rows, @"\s+", " ", RegexOptions.None, TimeSpan.FromSeconds(1)).Trim();

    [GeneratedRegex(@"^\d+$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Number();

    /// <summary>A result, a summary, a log line.</summary>
    [GeneratedRegex(@"^(\d+|  127\.0\.0\.1:\d+  [\d.]+ (Ki)?B in (less than 1 ms|\d+ ms|\d+\.\d\d s)(, .*)?|  \(\d+ summaries left out\)|dbug: Microsoft\.AspNetCore\.Server\.Kestrel\.Connections\[\d+\] Connection id ""\w{8}"" \w.*\.|  Clients served: 3000 in .*|exit code 0|Pane is dead .*)$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Whole();
}
