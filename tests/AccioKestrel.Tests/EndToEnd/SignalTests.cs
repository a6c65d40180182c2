using System.Diagnostics;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using static AccioKestrel.Testing.Accio;

namespace AccioKestrel.Tests.EndToEnd;

/// <summary>Each signal in each state: the server ends with code 0, in time, and with the right last line.</summary>
public sealed class SignalTests
{
    /// <summary>With these a server that does not stop at once, but by one of its limits, stops later than a test waits.</summary>
    private const string LongLimits = "--shutdown-grace 3600 --idle-timeout 3600";

    public static TheoryData<Signal> Signals => [Signal.Interrupt, Signal.Quit, Signal.Terminate];

    [Theory]
    [MemberData(nameof(Signals))]
    public async Task Signal_Idle_EndsAtOnce(Signal signal)
    {
        await using var server = await AccioServer.StartAsync(LongLimits);

        await server.SignalAsync(signal);
    }

    [Theory]
    [MemberData(nameof(Signals))]
    public async Task Signal_BlockedByTheParentProcess_EndsTheServer(Signal signal)
    {
        Needs.Installed("python3");
        await using var server = await AccioServer.StartAsync(
            LongLimits,
            shell: """exec python3 -c 'import os, signal, sys; signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 32)); os.execv(sys.argv[1], sys.argv[1:])' "$0" "$@" """);

        await server.SignalAsync(signal);
    }

    [Theory]
    [MemberData(nameof(Signals))]
    public async Task Signal_IdleAfterExchanges_EndsAtOnce(Signal signal)
    {
        await using var server = await AccioServer.StartAsync(LongLimits);
        await server.TransferAsync(100_000);
        await server.TransferAsync(0);

        await server.SignalAsync(signal, 100_000, 0);
    }

    [Theory]
    [MemberData(nameof(Signals))]
    public async Task Signal_SilentClientInTheHandshake_EndsAtOnce(Signal signal)
    {
        await using var server = await AccioServer.StartAsync(LongLimits);
        using var client = await server.ConnectServedAsync();

        await server.SignalAsync(signal, "ERROR");
        await client.WaitForResetAsync();
    }

    [Theory]
    [MemberData(nameof(Signals))]
    public async Task Signal_BetweenTheConfirmations_EndsAtOnce(Signal signal)
    {
        await using var server = await AccioServer.StartAsync(LongLimits);
        using var client = await server.ConnectServedAsync();
        await client.SendFirstConfirmationAsync();
        await client.ExpectCommandAsync();
        await client.SendAsync(SecondConfirmation[..^1]);

        await server.SignalAsync(signal, "ERROR");
        await client.WaitForResetAsync();
    }

    [Theory]
    [MemberData(nameof(Signals))]
    public async Task Signal_FileThatEndsWithinTheGrace_IsCounted(Signal signal)
    {
        await using var server = await AccioServer.StartAsync(LongLimits);
        using var client = await server.ConnectInTheFileAsync();
        signal.SendTo(server.ProcessId);
        await client.ExpectSilenceAsync(seconds: 0.5);
        await client.SendAsync("def");

        var ended = Stopwatch.StartNew();
        client.HalfClose();

        Assert.Empty(await client.WaitForCloseAsync());
        await server.ExpectEndAsync(ended, 6);
    }

    [Theory]
    [MemberData(nameof(Signals))]
    public async Task Signal_FileThatDoesNotEnd_IsAnErrorAfterTheGrace(Signal signal)
    {
        await using var server = await AccioServer.StartAsync("--shutdown-grace 1 --idle-timeout 3600");
        using var client = await server.ConnectInTheFileAsync();

        await server.ExpectStopAfterAsync(signal, seconds: 1, "ERROR");
        await client.WaitForResetAsync();
    }

    [Fact]
    public async Task Signal_FileThatDoesNotEnd_HasAGraceOfFiveSecondsByDefault()
    {
        await using var server = await AccioServer.StartAsync("--idle-timeout 3600");
        using var client = await server.ConnectInTheFileAsync();

        await server.ExpectStopAfterAsync(Signal.Terminate, seconds: 5, "ERROR");
    }

    [Fact]
    public async Task Signal_FileThatKeepsComing_IsAnErrorAfterTheGrace()
    {
        await using var server = await AccioServer.StartAsync("--shutdown-grace 1 --idle-timeout 3600");
        using var client = await server.ConnectInTheFileAsync();
        var sending = SendForeverAsync(client);

        await server.ExpectStopAfterAsync(Signal.Terminate, seconds: 1, "ERROR");
        await Assert.ThrowsAnyAsync<Exception>(() => sending);
    }

    [Fact]
    public async Task Signal_NoGrace_EndsAFileAtOnce()
    {
        await using var server = await AccioServer.StartAsync("--shutdown-grace 0 --idle-timeout 3600");
        using var client = await server.ConnectInTheFileAsync();

        await server.SignalAsync(Signal.Terminate, "ERROR");
        await client.WaitForResetAsync();
    }

    [Theory]
    [MemberData(nameof(Signals))]
    public async Task SecondSignal_EndsTheGraceAtOnce(Signal signal)
    {
        await using var server = await AccioServer.StartAsync(LongLimits);
        using var client = await server.ConnectInTheFileAsync();
        Signal.Terminate.SendTo(server.ProcessId);
        await client.ExpectSilenceAsync(seconds: 0.5);

        await server.SignalAsync(signal, "ERROR");
        await client.WaitForResetAsync();
    }

    [Fact]
    public async Task Signals_UntilTheLastMomentOfTheProcess_EndItInGoodOrder()
    {
        // The second signal comes at another moment of the stop each time, and the rest of them till there is no process.
        for (var moment = 0; moment < 10; moment++)
        {
            await using var server = await AccioServer.StartAsync(LongLimits);

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
        await using var server = await AccioServer.StartAsync(LongLimits);
        using var served = await server.ConnectServedAsync();
        var waiting = await ConnectWaitingAsync(server);

        await server.SignalAsync(signal, "ERROR");

        await served.WaitForResetAsync();
        foreach (var client in waiting)
        {
            // No byte came, and no FIN, which would look like success.
            await client.WaitForResetAsync();
            client.Dispose();
        }
    }

    [Fact]
    public async Task Signal_TenClientsWaitingBehindAFile_AreNotServedAnyMore()
    {
        await using var server = await AccioServer.StartAsync(LongLimits);
        using var served = await server.ConnectInTheFileAsync();
        var waiting = await ConnectWaitingAsync(server);
        Signal.Terminate.SendTo(server.ProcessId);
        await served.ExpectSilenceAsync(seconds: 0.5);

        var ended = Stopwatch.StartNew();
        served.HalfClose();

        await server.ExpectEndAsync(ended, 3);
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

        await server.SignalAsync(signal, 5, "ERROR");
    }

    [Fact]
    public async Task Hangup_OfItsTerminal_IsNotOneOfThem()
    {
        await using var server = await AccioServer.StartAsync(shell: """trap "" HUP; exec "$0" "$@" """);
        await ChildProcess.RunShellAsync("kill -HUP $0", AccioServer.Number(server.ProcessId));

        await server.TransferAsync(5);
        await server.StopAsync(5);
    }

    /// <summary>
    /// Not the framework's console lifetime: the runtime calls its signal handlers before the program's, so the host could stop before the
    /// program had noted the signal, and the exit code was 1. A test by signals would fail only sometimes.
    /// </summary>
    [Fact]
    public async Task HostLifetime_IsTheProgramsOwn()
    {
        var builder = ServerProcess.CreateBuilder();
        builder.WebHost.UseKestrelCore();
        builder.Services.AddStopping(grace: TimeSpan.Zero, hasDisplay: false);
        await using var app = builder.Build();

        Assert.IsType<SignalLifetime>(app.Services.GetRequiredService<IHostLifetime>());
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
