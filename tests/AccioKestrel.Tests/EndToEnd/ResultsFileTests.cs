using System.Globalization;
using System.Text.Json.Nodes;

namespace AccioKestrel.Tests.EndToEnd;

/// <summary>The file of results: complete, never lost silently, there after a restart.</summary>
public sealed class ResultsFileTests : IDisposable
{
    private const string Logrotate = "/usr/sbin/logrotate";

    private readonly RecordedResults _record = new();

    public void Dispose() => _record.Dispose();

    [Fact]
    public void Schema_HasTheNamesOfAllOutcomesAndSteps()
    {
        var properties = RecordedResults.Schema["properties"]!;
        Assert.Equal(
            Enum.GetValues<ExchangeFailure>().Select(ExchangeWords.Name).Prepend("counted"), properties["outcome"]!["enum"]!.AsArray().Select(name => (string)name!));
        // A client whose TLS handshake fails is not served, and has no result.
        Assert.Equal(
            Enum.GetValues<ExchangeStep>().Except([ExchangeStep.TlsHandshake]).Select(ExchangeWords.Name), properties["step"]!["enum"]!.AsArray().Select(name => (string)name!));
    }

    [Fact]
    public void Reference_HasTheSameProperties_AndARightExample()
    {
        var reference = File.ReadAllText(Repository.PathOf("docs/REFERENCE.md"));
        var text = reference[reference.IndexOf("## The file of results", StringComparison.Ordinal)..];
        RecordedResults.Validated(JsonNode.Parse(text.Split('\n').First(line => line.StartsWith('{')))!.AsObject());
        Assert.All(RecordedResults.Schema["properties"]!.AsObject(), property => Assert.Contains($"`{property.Key}`", text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Results_OfAllKinds_AreAsTheSchemaSays()
    {
        await using var server = await AccioServer.StartAsync(_record.Option);
        var before = DateTimeOffset.UtcNow;
        using var good = await server.ConnectAsync();
        await good.TransferAsync(1234);
        using var bad = await server.ConnectAsync();
        await bad.SendAsync("confirm-accio\r'");
        await bad.WaitForCloseAsync();
        using var stopped = await server.ConnectServedAsync();
        await server.StopAsync(1234, "ERROR", "ERROR");

        var results = _record.Results();
        Assert.Equal(["counted", "wrongByte", "serverStopped"], results.Select(result => (string)result["outcome"]!));
        Assert.Equal(["file", "firstConfirmation", "firstConfirmation"], results.Select(result => (string)result["step"]!));
        Assert.Equal(1234, (long)results[0]["bytes"]!);
        Assert.Null(results[0]["reason"]);
        Assert.Equal($"127.0.0.1:{good.LocalPort}", (string)results[0]["peer"]!);
        // As in the log, and legible.
        var reason = (string)results[1]["reason"]!;
        Assert.Contains($"{results[1]["connectionId"]} {results[1]["peer"]}: ERROR after ", server.Errors.ToString(), StringComparison.Ordinal);
        Assert.Contains($"file bytes, {reason}\n", server.Errors.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("\\u00", _record.Lines()[1], StringComparison.Ordinal);
        var (started, ended) = (Time(results[0]["startedAt"]), Time(results[0]["endedAt"]));
        Assert.Equal((double)results[0]["durationSeconds"]!, (ended - started).TotalSeconds, tolerance: 0.001);
        Assert.True(before.AddSeconds(-1) < started && ended <= DateTimeOffset.UtcNow);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task File_ThatWasMovedOrDeleted_IsOpenedAgainByTheNextResult(bool isDeleted)
    {
        await using var server = await AccioServer.StartAsync(_record.Option);
        await server.TransferAsync(1);
        File.Move(_record.File, _record.PathOf("old"));
        if (isDeleted)
        {
            File.Delete(_record.PathOf("old"));
        }

        await server.TransferAsync(2);
        await server.StopAsync(1, 2);

        Assert.Equal([2], _record.Sizes());
        Assert.Equal(isDeleted ? [] : [1], isDeleted ? [] : _record.Sizes("old"));
    }

    [Fact]
    public async Task File_WhosePlaceIsTaken_LosesNoResult()
    {
        await using var server = await AccioServer.StartAsync(_record.Option);
        await server.TransferAsync(1);
        File.Move(_record.File, _record.PathOf("old"));
        Directory.CreateDirectory(_record.File);

        // Other systems do not tell a file that was moved from a deleted one.
        if (Platform.HasLinuxCalls)
        {
            await server.TransferAsync(2);
            Assert.Equal([1, 2], _record.Sizes("old"));
            await server.Errors.WaitUntilAsync(text => text.Contains("results.jsonl cannot be opened again", StringComparison.Ordinal));
            File.Delete(_record.PathOf("old"));
        }

        await server.TransferAsync(3);

        // There is no file left that the result could go to.
        Assert.Equal(1, await server.ExitAsync());
        Assert.Contains($"\nERROR: The result 3 could not be written to {_record.File}: it is gone, ", server.Errors.ToString(), StringComparison.Ordinal);
        Assert.Equal(Platform.HasLinuxCalls ? "1\n2\n3\n" : "1\n3\n", server.Output.ToString());
    }

    [Fact]
    public async Task Hangup_OpensTheFileAgain_AndWithoutOneStopsTheServer()
    {
        await using var server = await AccioServer.StartAsync(_record.Option);
        File.Move(_record.File, _record.PathOf("old"));
        Signal.Hangup.SendTo(server.ProcessId);
        await Patience.UntilEqual(true, () => File.Exists(_record.File));
        await server.TransferAsync(5);
        await server.StopAsync(5);
        Assert.Equal([5], _record.Sizes());

        await using var other = await AccioServer.StartAsync();
        await other.SignalAsync(Signal.Hangup);
    }

    [Fact]
    public async Task File_ThatTakesNothing_NamesTheResultAtAStop_AlsoAfterAHangup()
    {
        // A full pipe, which is not read.
        await ChildProcess.RunShellAsync("mkfifo \"$0\"", _record.File);
        using var reader = File.Open(_record.File, new FileStreamOptions { Mode = FileMode.Open, Access = FileAccess.ReadWrite, BufferSize = 0 });
        await reader.WriteAsync(new byte[65536], TestContext.Current.CancellationToken);
        await using var server = await AccioServer.StartAsync(_record.Option);
        using var client = await server.ConnectServedAsync();
        await client.SendAllAtOnceAsync(5);
        await server.ExpectLinesAsync(5);

        Signal.Hangup.SendTo(server.ProcessId);
        Signal.Terminate.SendTo(server.ProcessId);

        Assert.Equal(1, await server.ExitAsync());
        Assert.Contains($"ERROR: The result 5 could not be written to {_record.File}: ", server.Errors.ToString(), StringComparison.Ordinal);
        // It is reported once.
        Assert.DoesNotContain("did not take a result", server.Errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Hangup_OfItsTerminal_StopsTheServer()
    {
        await using var run = await TerminalRun.StartAsync(options: _record.Option);
        var process = await run.ProcessIdAsync();

        Signal.Hangup.SendTo(process);

        await Patience.UntilEqual(false, () => Directory.Exists($"/proc/{process}"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Logrotate_WithAndWithoutTheSignal_LosesNoResult(bool signal)
    {
        Needs.Installed(Logrotate);
        await using var server = await AccioServer.StartAsync(_record.Option);
        var configuration = await File.ReadAllTextAsync(Repository.PathOf("deploy/logrotate/accio"), TestContext.Current.CancellationToken);
        const string Signalling = "systemctl reload accio.service 2>/dev/null || true";
        Assert.Contains(Signalling, configuration, StringComparison.Ordinal);
        await File.WriteAllTextAsync(
            _record.PathOf("accio"),
            configuration.Replace("/var/lib/accio/results.jsonl", _record.File, StringComparison.Ordinal)
                .Replace(Signalling, signal ? $"kill -HUP {server.ProcessId}" : "true", StringComparison.Ordinal),
            TestContext.Current.CancellationToken);

        for (var size = 1; size <= 3; size++)
        {
            await server.TransferAsync(size);
            await ChildProcess.RunShellAsync($"chmod 600 \"$0\" && {Logrotate} --force --state \"$1\" \"$0\"", _record.PathOf("accio"), _record.PathOf("state"));
        }

        await server.TransferAsync(4);
        await server.StopAsync(1, 2, 3, 4);
        Assert.Equal([4], _record.Sizes());
        Assert.Equal([3], _record.Sizes("results.jsonl.1"));
        var older = await ChildProcess.RunShellAsync("zcat \"$0.3.gz\" \"$0.2.gz\"", _record.File);
        Assert.Equal([1, 2], older.Split('\n')[..^1].Select(line => (int)JsonNode.Parse(line)!["bytes"]!));
    }

    [Fact]
    public async Task Result_ThatFindsAFullDisk_IsPrinted_AndEndsTheProgram()
    {
        await using var server = await AccioServer.StartAsync("--results /dev/full");

        await server.TransferAsync(4321);

        Assert.Equal(1, await server.ExitAsync());
        Assert.Contains("\nERROR: The result 4321 could not be written to /dev/full: No space left on device", server.Errors.ToString(), StringComparison.Ordinal);
        Assert.Equal("4321\n", server.Output.ToString());
    }

    [Fact]
    public async Task Line_ThatWasCutOff_IsCompleted_AndNotCounted()
    {
        await using (var server = await AccioServer.StartAsync(_record.Option))
        {
            await server.TransferAsync(1);
            await server.SetLimitAsync("fsize", (int)new FileInfo(_record.File).Length + 10);
            await server.TransferAsync(2);
            Assert.Equal(1, await server.ExitAsync());
        }

        var (next, status) = await StatusClient.StartAsync(_record.Option);
        await using var server2 = next;
        using var status2 = status;
        await next.TransferAsync(3);
        await next.Errors.WaitUntilAsync(text => text.Contains($"1 lines of {_record.File} are no results", StringComparison.Ordinal));
        Assert.Equal(2, (int)(await status.StatusAsync())["totals"]!["exchanges"]!);
        await next.StopAsync(3);
        var lines = _record.Lines();
        Assert.Equal(3, lines.Length);
        Assert.Equal(10, lines[1].Length);
        Assert.Equal(3, (int)JsonNode.Parse(lines[2])!["bytes"]!);
    }

    [Fact]
    public async Task Result_ThatIsNotOnTheDisk_EndsTheProgram_IfItMustBe()
    {
        Assert.SkipWhen(PortableBranches.AreForced, "The runtime does not report this error.");
        using var fault = new FaultInjection("fsync", "EIO", when: "1+");
        await using var server = await fault.StartAsync($"{_record.Option} --results-sync");

        await server.TransferAsync(4321);

        Assert.Equal(1, await server.ExitAsync());
        Assert.Contains($"\nERROR: The result 4321 could not be written to {_record.File}: ", server.Errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Totals_AndLastResults_OfThePage_SurviveARestart()
    {
        const int count = ExchangeHistory.Remembered + 5;
        await using (var first = await AccioServer.StartAsync(_record.Option))
        {
            using (var bad = await first.ConnectAsync())
            {
                await bad.SendAsync("x");
                await bad.WaitForCloseAsync();
            }

            for (var size = 1; size < count; size++)
            {
                await first.TransferAsync(size);
            }

            await first.StopAsync(Enumerable.Range(1, count - 1).Cast<object>().Prepend("ERROR"));
        }

        var line = _record.Lines()[0];
        var since = Time(JsonNode.Parse(line)!["startedAt"]);
        await File.AppendAllTextAsync(
            _record.File, $"{line.Replace("\"durationSeconds\":", "\"durationSeconds\":1e300,\"other\":", StringComparison.Ordinal)}\nsomething else\n{{\"bytes\":\n{new string('x', 200_000)}\n{{\"outcome\":\"unknown\",\"bytes\":1}}\n[]\n\n", TestContext.Current.CancellationToken);

        var (server, status) = await StatusClient.StartAsync(_record.Option);
        await using var server2 = server;
        using var status2 = status;
        await server.TransferAsync(1000);
        var report = await status.WaitUntilAsync(report => (int)report["totals"]!["exchanges"]! == count + 1);

        var totals = report["totals"]!;
        Assert.Equal(count, (int)totals["counted"]!);
        Assert.Equal(1, (int)totals["errors"]!["wrongByte"]!);
        Assert.Equal((count * (count - 1) / 2) + 1000, (long)totals["receivedBytes"]!);
        Assert.Equal(since, Time(totals["since"]), TimeSpan.FromMilliseconds(1));
        Assert.NotEqual(Time(report["startedAt"]), Time(totals["since"]));
        var recent = report["recent"]!.AsArray();
        Assert.Equal(Enumerable.Range(0, count).Reverse().Select(size => (long)size).Prepend(1000).Take(ExchangeHistory.Remembered), recent.Select(result => (long)result!["bytes"]!));
        // The counters of metrics are those of the process.
        Assert.Matches("""accio_exchanges_total\{[^}]*accio_outcome="counted"[^}]*\} 1\s""", await status.TextAsync("/metrics"));
        await server.Errors.WaitUntilAsync(text => text.Contains($"{count} earlier results read from ", StringComparison.Ordinal) && text.Contains("lines of ", StringComparison.Ordinal));
        await server.StopAsync(1000);
    }

    [Theory]
    [InlineData("--results /", "ERROR: --results / cannot be opened to append to it: ")]
    [InlineData("--results /no/such/folder/results.jsonl", "ERROR: --results /no/such/folder/results.jsonl cannot be opened to append to it: ")]
    [InlineData("--results-sync", "ERROR: --results-sync needs --results FILE.")]
    public Task File_ThatCannotBeOpened_IsNamedByAFailedStart(string options, string reason) => FailedStart.ExpectOptionsAsync(options, reason);

    private static DateTimeOffset Time(JsonNode? text) => DateTimeOffset.Parse((string)text!, CultureInfo.InvariantCulture);
}
