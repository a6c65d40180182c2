using System.Diagnostics;
using static AccioKestrel.Tests.EndToEnd.Accio;

namespace AccioKestrel.Tests.EndToEnd;

/// <summary>The idle time-out: never before its time, at most half a second late, at every step.</summary>
[Collection<Timing>]
public sealed class IdleTests
{
    private static readonly TimeSpan s_lateness = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan s_atOnce = TimeSpan.FromSeconds(0.25);

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
    public async Task Trickle_OneByteEvery900Milliseconds_IsInOrder()
    {
        await Task.WhenAll(
            ExpectInOrderAsync("", Header[..4], Header[4..]),
            ExpectInOrderAsync(Header, "abcd", "e"),
            // The server may have tuned itself to a fast file.
            ExpectInOrderAsync(Header + new string('x', 4 * 1024 * 1024), "abcd", ""));

        static async Task ExpectInOrderAsync(string before, string slowly, string after)
        {
            await using var server = await AccioServer.StartAsync("--idle-timeout 1");
            using var client = await server.ConnectAsync();
            await client.SendAsync(before);
            await TrickleAsync(client, slowly);
            await client.SendAsync(after);

            var ended = Stopwatch.StartNew();
            client.HalfClose();
            await client.WaitForCloseAsync();
            Assert.InRange(ended.Elapsed, TimeSpan.Zero, s_atOnce);
            await server.StopAsync(before.Length + slowly.Length + after.Length - Header.Length);
        }
    }

    [Fact]
    public async Task Waiting_LongerThanTheLimit_IsNotSilence()
    {
        await using var server = await AccioServer.StartAsync("--idle-timeout 1");
        using var served = await server.ConnectServedAsync();
        using var waiting = await server.ConnectAsync();
        await served.SendAsync(Header);
        await TrickleAsync(served, "ab");
        waiting.ExpectSilence(seconds: 0);

        served.HalfClose();
        await waiting.ExpectCommandAsync();

        // Its time begins only now, and it is the whole of it.
        waiting.ExpectSilence(seconds: 0.9);
        await waiting.SendAllAtOnceAsync(fileSize: 3);
        await waiting.WaitForCloseAsync();
        await server.StopAsync(2, 3);
    }

    [Fact]
    public async Task Process_HeldUpLongerThanTheLimit_DoesNotMistakeItForSilence()
    {
        // Several times: whether the thread that receives or the one of the timer runs first afterwards is chance.
        const int times = 4;
        await using var server = await AccioServer.StartAsync("--idle-timeout 1");
        using var client = await server.ConnectAsync();
        await client.ConfirmBothAsync();

        for (var i = 0; i < times; i++)
        {
            Signal.Stop.SendTo(server.ProcessId);
            // The signal only asks: a thread that still runs would take the byte before it stops.
            await Patience.UntilEqual(true, () => Threads().All(stat => stat.Contains(") T ", StringComparison.Ordinal)));
            await client.SendAsync("a");
            client.ExpectSilence(seconds: 1.3);
            Signal.Continue.SendTo(server.ProcessId);
            // What came meanwhile counts from now, because only now the server has received it.
            client.ExpectSilence(seconds: 0.3);
        }

        client.HalfClose();
        await client.WaitForCloseAsync();
        await server.StopAsync(times);

        IEnumerable<string> Threads() => Directory.GetDirectories($"/proc/{server.ProcessId}/task").Select(thread => File.ReadAllText($"{thread}/stat"));
    }

    [Theory]
    [InlineData(+400)]
    [InlineData(-400)]
    public async Task ClockOfTheDay_Set_ChangesNoLimit(int days)
    {
        using var clock = new WallClock();
        var port = AccioServer.FreePort();
        await using var server = await clock.StartAsync($"--idle-timeout 1 --status {port}");
        using var status = new StatusClient(port);
        using var client = await server.ConnectAsync();
        await client.ConfirmBothAsync();
        clock.Set($"{days:+0;-0}d");
        client.ExpectSilence(seconds: 0.5);
        await client.SendAsync("a");
        client.ExpectSilence(seconds: 0.7);
        client.HalfClose();
        await client.WaitForCloseAsync();

        using var silent = await server.ConnectServedAsync();
        var time = Stopwatch.StartNew();
        await silent.WaitForResetAsync();
        Assert.InRange(time.Elapsed, TimeSpan.FromSeconds(0.95), TimeSpan.FromSeconds(1) + s_lateness);

        // The process has really seen it, and took nothing from it.
        using var response = await status.GetAsync("/healthz/live");
        Assert.Equal(DateTimeOffset.UtcNow.AddDays(days), response.Headers.Date!.Value, TimeSpan.FromMinutes(1));
        await server.StopAsync(1, "ERROR");
        Assert.Matches("1 bytes in 1\\.[2-9]", server.Errors.ToString());
    }

    [Theory]
    [InlineData("0.3", null, "")]
    [InlineData("30", "0.3", "")]
    [InlineData("30", "30", "--idle-timeout 0.3")]
    public async Task Limit_ComesFromTheCommandLineBeforeTheEnvironmentBeforeTheFile(string file, string? environment, string options)
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            var settings = $$"""{ "Accio": { "IdleTimeout": {{file}} } }""";
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "appsettings.json"), settings, TestContext.Current.CancellationToken);
            await using var server = await AccioServer.StartAsync(
                options, $"""cd {folder}; exec "$0" "$@" """, environment is null ? [] : [("Accio__IdleTimeout", environment)]);
            var clock = Stopwatch.StartNew();
            using var client = await server.ConnectServedAsync();

            await client.WaitForResetAsync();

            Assert.InRange(clock.Elapsed, TimeSpan.FromSeconds(0.3), TimeSpan.FromSeconds(0.3) + s_lateness);
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
        // Before there is any byte the time counts from the command, which cannot come before the connection.
        var silence = Stopwatch.StartNew();
        using var client = await server.ConnectAsync();
        using var next = await server.ConnectAsync();

        for (ReadOnlyMemory<byte> rest = StreamOf(fileSize: sent).AsMemory(..sent); !rest.IsEmpty;)
        {
            var piece = rest[..Math.Min(rest.Length, 64 * 1024)];
            rest = rest[piece.Length..];
            silence.Restart();
            await client.SendAsync(piece);
        }

        await client.WaitForResetAsync();
        var lasted = silence.Elapsed;

        await next.ExpectCommandAsync();
        var nextAfter = silence.Elapsed - lasted;

        Assert.InRange(lasted, TimeSpan.FromSeconds(limit), TimeSpan.FromSeconds(limit) + s_lateness);
        Assert.InRange(nextAfter, TimeSpan.Zero, s_atOnce);
        await next.SendAllAtOnceAsync(fileSize: 3);
        await next.WaitForCloseAsync();
        await server.StopAsync("ERROR", 3);
    }

    private static async Task TrickleAsync(AccioClient client, string text)
    {
        foreach (var letter in text)
        {
            await Task.Delay(TimeSpan.FromSeconds(0.9), TestContext.Current.CancellationToken);
            await client.SendAsync(letter.ToString());
        }
    }
}
