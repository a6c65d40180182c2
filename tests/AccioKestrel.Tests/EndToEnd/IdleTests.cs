using System.Diagnostics;
using static AccioKestrel.Testing.Accio;

namespace AccioKestrel.Tests.EndToEnd;

/// <summary>The idle time-out: never before its time, at most half a second late, at every step.</summary>
public sealed class IdleTests
{
    private static readonly TimeSpan s_lateness = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan s_atOnce = TimeSpan.FromSeconds(0.25);

    /// <summary>Of the tests in which a client has to send in time: a busy machine makes it late by much less.</summary>
    private const int LongLimit = 3;

    /// <summary>How much of its stream a client sends before it falls silent: inside and at the border of each step.</summary>
    public static TheoryData<int> Places => [0, 9, FirstConfirmation.Length, FirstConfirmation.Length + 9, Header.Length, Header.Length + 9];

    [Fact]
    public Task Silence_WithTheDefaultLimit_EndsAfterTenSeconds() => ExpectTimeoutAsync("", limit: 10, Header.Length + 9);

    [Theory]
    [MemberData(nameof(Places))]
    public Task Silence_AtEachStep_IsAnErrorInTime(int sent) => ExpectTimeoutAsync("--idle-timeout 1", limit: 1, sent);

    [Fact]
    public Task Silence_AfterAFastBurst_IsAnErrorInTime() => ExpectTimeoutAsync("--idle-timeout 1", limit: 1, 8 * 1024 * 1024);

    [Fact]
    public Task Silence_WithAFractionOfASecond_IsAnErrorInTime() => ExpectTimeoutAsync("--idle-timeout 0.25", limit: 0.25, 3);

    [Fact]
    public async Task Trickle_OneByteInHalfTheLimit_IsInOrder()
    {
        await Task.WhenAll(
            ExpectInOrderAsync("", Header[..3], Header[3..]),
            ExpectInOrderAsync(Header, "abc", "d"),
            // The server may have tuned itself to a fast file.
            ExpectInOrderAsync(Header + new string('x', 4 * 1024 * 1024), "abc", ""));

        static async Task ExpectInOrderAsync(string before, string slowly, string after)
        {
            await using var server = await AccioServer.StartAsync($"--idle-timeout {LongLimit}");
            using var client = new BlockingClient(server.Port);
            client.Send(Bytes(before));
            foreach (var letter in slowly)
            {
                await Task.Delay(TimeSpan.FromSeconds(LongLimit / 2.0), TestContext.Current.CancellationToken);
                client.Send(Bytes(letter.ToString()));
            }

            client.Send(Bytes(after));
            var (_, waited) = await OwnWaiting.MeasureAsync(server.ProcessId, () =>
            {
                client.HalfClose();
                client.WaitForClose();
            });
            Assert.InRange(waited, TimeSpan.Zero, s_atOnce);
            await server.StopAsync(before.Length + slowly.Length + after.Length - Header.Length);
        }
    }

    [Fact]
    public async Task Waiting_LongerThanTheLimit_IsNotSilence()
    {
        await using var server = await AccioServer.StartAsync($"--idle-timeout {LongLimit}");
        using var served = await server.ConnectServedAsync();
        using var waiting = await server.ConnectAsync();
        await served.SendAsync(Header);
        for (var i = 0; i < 3; i++)
        {
            await waiting.ExpectSilenceAsync(seconds: LongLimit / 2.0);
            await served.SendAsync("a");
        }

        served.HalfClose();
        await waiting.ExpectCommandAsync();

        // Its time begins only now, and it is the whole of it.
        await waiting.ExpectSilenceAsync(seconds: LongLimit / 2.0);
        await waiting.SendAllAtOnceAsync(fileSize: 3);
        await waiting.WaitForCloseAsync();
        await server.StopAsync(3, 3);
    }

    [Fact]
    public async Task Process_HeldUpLongerThanTheLimit_DoesNotMistakeItForSilence()
    {
        // Several times: whether the thread that receives or the one of the timer runs first afterwards is chance.
        const int times = 3;
        await using var server = await AccioServer.StartAsync($"--idle-timeout {LongLimit}");
        using var client = await server.ConnectAsync();
        await client.ConfirmBothAsync();

        for (var i = 0; i < times; i++)
        {
            Signal.Stop.SendTo(server.ProcessId);
            // The signal only asks: a thread that still runs would take the byte before it stops.
            await Patience.UntilEqual(true, () => Threads().All(stat => stat.Contains(") T ", StringComparison.Ordinal)));
            await client.SendAsync("a");
            await client.ExpectSilenceAsync(seconds: LongLimit + 0.3);
            Signal.Continue.SendTo(server.ProcessId);
            // What came meanwhile counts from now, because only now the server has received it.
            await client.ExpectSilenceAsync(seconds: 0.3);
        }

        client.HalfClose();
        await client.WaitForCloseAsync();
        await server.StopAsync(times);

        IEnumerable<string> Threads() => Directory.GetDirectories($"/proc/{server.ProcessId}/task").Select(thread => File.ReadAllText($"{thread}/stat"));
    }

    [Fact]
    public async Task Process_HeldUpWhileALenientClientEnds_CountsWhatCame()
    {
        // Its empty line is not decided yet: one more byte or its end would do so. Several times, as above.
        const int times = 3;
        await using var server = await AccioServer.StartAsync($"--idle-timeout {LongLimit} --lenient");
        for (var i = 0; i < times; i++)
        {
            using var client = await server.ConnectServedAsync();
            await client.SendFirstConfirmationAsync();
            await client.ExpectCommandAsync();
            await client.SendAsync("confirm-accio-again\r\nx");
            await client.ExpectSilenceAsync(seconds: 0.2);
            Signal.Stop.SendTo(server.ProcessId);
            client.HalfClose();
            await Task.Delay(TimeSpan.FromSeconds(LongLimit + 0.3), TestContext.Current.CancellationToken);
            Signal.Continue.SendTo(server.ProcessId);
            Assert.Empty(await client.WaitForCloseAsync());
        }

        await server.StopAsync(Enumerable.Repeat<object>(1, times));
    }

    [Fact]
    public async Task UrgentBytes_AreBytes_AndEndASilence()
    {
        await using var server = await AccioServer.StartAsync("--idle-timeout 1");
        using var client = await server.ConnectAsync();
        await client.ConfirmBothAsync();
        for (var i = 0; i < 4; i++)
        {
            await Task.Delay(TimeSpan.FromSeconds(0.6), TestContext.Current.CancellationToken);
            client.SendUrgent();
        }

        await client.SendAsync("abc");
        client.HalfClose();
        Assert.Empty(await client.WaitForCloseAsync());
        await server.StopAsync(7);
    }

    [Theory]
    [InlineData(+400)]
    [InlineData(-400)]
    public async Task ClockOfTheDay_Set_ChangesNoLimit(int days)
    {
        using var clock = new WallClock();
        var port = AccioServer.FreePort();
        await using var server = await clock.StartAsync($"--idle-timeout {LongLimit} --status {port}");
        using var status = new StatusClient(port);
        using var client = await server.ConnectAsync();
        await client.ConfirmBothAsync();
        clock.Set($"{days:+0;-0}d");
        await client.ExpectSilenceAsync(seconds: LongLimit / 2.0);
        await client.SendAsync("a");
        await client.ExpectSilenceAsync(seconds: LongLimit / 2.0);
        client.HalfClose();
        await client.WaitForCloseAsync();

        await ExpectTimeoutAsync(server, LongLimit, []);

        Assert.InRange((double)(await status.StatusAsync())["uptimeSeconds"]!, 0, 3600);

        // The process has really seen it, and took nothing from it.
        using var response = await status.GetAsync("/healthz/live");
        Assert.Equal(DateTimeOffset.UtcNow.AddDays(days), response.Headers.Date!.Value, TimeSpan.FromMinutes(1));
        await server.StopAsync(1, "ERROR", 3);
        Assert.Matches(@" 1 bytes in ([3-9]|[1-9]\d)\.\d\d\d s\n", server.Errors.ToString());
    }

    [Theory]
    [InlineData("0.3", null, "")]
    [InlineData("300", "0.3", "")]
    [InlineData("300", "300", "--idle-timeout 0.3")]
    public async Task Limit_ComesFromTheCommandLineBeforeTheEnvironmentBeforeTheFile(string file, string? environment, string options)
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            var settings = $$"""{ "Accio": { "IdleTimeout": {{file}} } }""";
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "appsettings.json"), settings, TestContext.Current.CancellationToken);
            await using var server = await AccioServer.StartAsync(
                options, $"""cd '{folder}'; exec "$0" "$@" """, environment is null ? [] : [("Accio__IdleTimeout", environment)]);
            var clock = Stopwatch.StartNew();
            using var client = await server.ConnectServedAsync();

            await client.WaitForResetAsync();

            // By the other limits it would take longer than a test waits.
            Assert.True(clock.Elapsed >= TimeSpan.FromSeconds(0.3));
            await server.StopAsync("ERROR");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task ExpectTimeoutAsync(string options, double limit, int sent)
    {
        await using var server = await AccioServer.StartAsync(options);
        await ExpectTimeoutAsync(server, limit, StreamOf(fileSize: sent)[..sent]);
        await server.StopAsync("ERROR", 3);
    }

    /// <summary>A client that falls silent behind these bytes is reset in time, and the next client gets its turn.</summary>
    private static async Task ExpectTimeoutAsync(AccioServer server, double limit, byte[] sent)
    {
        var lasted = TimeSpan.Zero;
        var (_, waited) = await OwnWaiting.MeasureAsync(server.ProcessId, () =>
        {
            // Before there is any byte the time counts from the command, which cannot come before the connection.
            var silence = Stopwatch.StartNew();
            using var client = new BlockingClient(server.Port);
            using var next = new BlockingClient(server.Port);
            foreach (var piece in sent.Chunk(64 * 1024))
            {
                silence.Restart();
                client.Send(piece);
            }

            client.WaitForReset();
            lasted = silence.Elapsed;
            next.ExpectCommand();
            next.Send(StreamOf(fileSize: 3));
            next.HalfClose();
            next.WaitForClose();
        });
        Assert.True(lasted >= TimeSpan.FromSeconds(limit), $"Reset after {lasted}, not {limit} s.");
        Assert.InRange(waited, TimeSpan.Zero, TimeSpan.FromSeconds(limit) + s_lateness);
    }
}
