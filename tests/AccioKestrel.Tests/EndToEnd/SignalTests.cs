using System.Diagnostics;
using static AccioKestrel.Tests.EndToEnd.Accio;

namespace AccioKestrel.Tests.EndToEnd;

/// <summary>Each signal in each state: in good order, with code 0, in time, and with the right last line.</summary>
[Collection<Timing>]
public sealed class SignalTests
{
    private static readonly TimeSpan s_atOnce = TimeSpan.FromSeconds(1);

    public static TheoryData<Signal> Signals => [Signal.Interrupt, Signal.Quit, Signal.Terminate];

    [Theory]
    [MemberData(nameof(Signals))]
    public async Task Signal_Idle_EndsAtOnce(Signal signal)
    {
        await using var server = await AccioServer.StartAsync();

        ExpectAtOnce(await server.SignalAsync(signal));
    }

    [Theory]
    [MemberData(nameof(Signals))]
    public async Task Signal_IdleAfterExchanges_EndsAtOnce(Signal signal)
    {
        await using var server = await AccioServer.StartAsync();
        await server.TransferAsync(100_000);
        await server.TransferAsync(0);

        ExpectAtOnce(await server.SignalAsync(signal, 100_000, 0));
    }

    [Theory]
    [MemberData(nameof(Signals))]
    public async Task Signal_SilentClientInTheHandshake_EndsAtOnce(Signal signal)
    {
        await using var server = await AccioServer.StartAsync();
        using var client = await server.ConnectServedAsync();

        ExpectAtOnce(await server.SignalAsync(signal, "ERROR"));
        await client.WaitForResetAsync();
    }

    [Theory]
    [MemberData(nameof(Signals))]
    public async Task Signal_BetweenTheConfirmations_EndsAtOnce(Signal signal)
    {
        await using var server = await AccioServer.StartAsync();
        using var client = await server.ConnectServedAsync();
        await client.SendFirstConfirmationAsync();
        await client.ExpectCommandAsync();
        await client.SendAsync(SecondConfirmation[..^1]);

        ExpectAtOnce(await server.SignalAsync(signal, "ERROR"));
        await client.WaitForResetAsync();
    }

    [Theory]
    [MemberData(nameof(Signals))]
    public async Task Signal_FileThatEndsWithinTheGrace_IsCounted(Signal signal)
    {
        await using var server = await AccioServer.StartAsync();
        using var client = await ConnectInTheFileAsync(server);
        var clock = Stopwatch.StartNew();
        signal.SendTo(server.ProcessId);
        client.ExpectSilence(seconds: 0.5);
        await client.SendAsync("def");

        var ended = Stopwatch.StartNew();
        client.HalfClose();

        Assert.Empty(await client.WaitForCloseAsync());
        ExpectAtOnce(await server.ExpectEndAsync(ended, 6));
        Assert.InRange(clock.Elapsed.TotalSeconds, 0.5, 1.5);
    }

    [Theory]
    [MemberData(nameof(Signals))]
    public async Task Signal_FileThatDoesNotEnd_IsAnErrorAfterTheGrace(Signal signal)
    {
        await using var server = await AccioServer.StartAsync("--shutdown-grace 1");
        using var client = await ConnectInTheFileAsync(server);

        var time = await server.SignalAsync(signal, "ERROR");

        Assert.InRange(time.TotalSeconds, 1, 1.5);
        await client.WaitForResetAsync();
    }

    [Fact]
    public async Task Signal_FileThatDoesNotEnd_HasAGraceOfFiveSecondsByDefault()
    {
        await using var server = await AccioServer.StartAsync();
        using var client = await ConnectInTheFileAsync(server);

        var time = await server.SignalAsync(Signal.Terminate, "ERROR");

        Assert.InRange(time.TotalSeconds, 5, 5.5);
    }

    [Fact]
    public async Task Signal_FileThatKeepsComing_IsAnErrorAfterTheGrace()
    {
        await using var server = await AccioServer.StartAsync("--shutdown-grace 1");
        using var client = await ConnectInTheFileAsync(server);
        var sending = SendForeverAsync(client);

        var time = await server.SignalAsync(Signal.Terminate, "ERROR");

        Assert.InRange(time.TotalSeconds, 1, 1.5);
        await Assert.ThrowsAnyAsync<Exception>(() => sending);
    }

    [Fact]
    public async Task Signal_NoGrace_EndsAFileAtOnce()
    {
        await using var server = await AccioServer.StartAsync("--shutdown-grace 0");
        using var client = await ConnectInTheFileAsync(server);

        ExpectAtOnce(await server.SignalAsync(Signal.Terminate, "ERROR"));
        await client.WaitForResetAsync();
    }

    [Theory]
    [MemberData(nameof(Signals))]
    public async Task SecondSignal_EndsTheGraceAtOnce(Signal signal)
    {
        await using var server = await AccioServer.StartAsync("--shutdown-grace 20");
        using var client = await ConnectInTheFileAsync(server);
        Signal.Terminate.SendTo(server.ProcessId);
        client.ExpectSilence(seconds: 0.5);

        ExpectAtOnce(await server.SignalAsync(signal, "ERROR"));
        await client.WaitForResetAsync();
    }

    [Fact]
    public async Task Signals_UntilTheLastMomentOfTheProcess_EndItInGoodOrder()
    {
        // The second signal comes at another moment of the stop each time, and the rest of them till there is no process.
        for (var moment = 0; moment < 10; moment++)
        {
            await using var server = await AccioServer.StartAsync();

            await ChildProcess.RunShellAsync(
                "kill -TERM $0; for ((i = 0; i < 500 * $1; i++)); do :; done; while kill -INT $0 && kill -TERM $0 && kill -QUIT $0; do sleep 0.001; done 2>/dev/null",
                AccioServer.Number(server.ProcessId),
                AccioServer.Number(moment));

            await server.ExpectEndAsync(Stopwatch.StartNew());
        }
    }

    [Theory]
    [MemberData(nameof(Signals))]
    public async Task Signal_TenClientsWaiting_EndsAtOnceAndTheyGetNoLine(Signal signal)
    {
        await using var server = await AccioServer.StartAsync();
        using var served = await server.ConnectServedAsync();
        var waiting = await ConnectWaitingAsync(server);

        ExpectAtOnce(await server.SignalAsync(signal, "ERROR"));

        await served.WaitForResetAsync();
        foreach (var client in waiting)
        {
            // Not a byte came, and not an end in good order, which would look like success.
            await client.WaitForResetAsync();
            client.Dispose();
        }
    }

    [Fact]
    public async Task Signal_TenClientsWaitingBehindAFile_AreNotServedAnyMore()
    {
        await using var server = await AccioServer.StartAsync();
        using var served = await ConnectInTheFileAsync(server);
        var waiting = await ConnectWaitingAsync(server);
        Signal.Terminate.SendTo(server.ProcessId);
        served.ExpectSilence(seconds: 0.5);

        var ended = Stopwatch.StartNew();
        served.HalfClose();

        ExpectAtOnce(await server.ExpectEndAsync(ended, 3));
        waiting.ForEach(client => client.Dispose());
    }

    [Theory]
    [MemberData(nameof(Signals))]
    public async Task Signal_ToAScriptsBackgroundJob_EndsIt(Signal signal)
    {
        // A shell without job control starts it with SIGINT and SIGQUIT ignored.
        await using var server = await AccioServer.StartAsync(shell: """exec sh -c '"$0" "$@" & echo "pid $!" >&2; wait $!' "$0" "$@" """);
        await server.TransferAsync(5);
        using var client = await server.ConnectServedAsync();

        ExpectAtOnce(await server.SignalAsync(signal, 5, "ERROR"));
    }

    [Fact]
    public async Task Hangup_OfItsTerminal_IsNotOneOfThem()
    {
        await using var server = await AccioServer.StartAsync(shell: """trap "" HUP; exec "$0" "$@" """);
        await ChildProcess.RunShellAsync("kill -HUP $0", AccioServer.Number(server.ProcessId));

        await server.TransferAsync(5);
        await server.StopAsync(5);
    }

    private static void ExpectAtOnce(TimeSpan time) => Assert.InRange(time, TimeSpan.Zero, s_atOnce);

    /// <summary>A client of whose file 3 bytes have come, and not the end.</summary>
    private static async Task<AccioClient> ConnectInTheFileAsync(AccioServer server)
    {
        var client = await server.ConnectAsync();
        await client.ConfirmBothAsync();
        await client.SendAsync("abc");
        // So that the server is in the file too.
        client.ExpectSilence(seconds: 0.1);
        return client;
    }

    private static async Task<List<AccioClient>> ConnectWaitingAsync(AccioServer server)
    {
        const int count = 10;
        var waiting = new List<AccioClient>();
        for (var i = 0; i < count; i++)
        {
            waiting.Add(await server.ConnectAsync());
            await waiting[^1].SendAsync(StreamOf(fileSize: i));
        }

        await server.ExpectQueueAsync(count);
        return waiting;
    }

    private static async Task SendForeverAsync(AccioClient client)
    {
        var piece = FileOf(64 * 1024);
        while (true)
        {
            await client.SendAsync(piece);
        }
    }
}
