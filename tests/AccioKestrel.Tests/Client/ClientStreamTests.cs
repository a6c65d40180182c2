using System.Diagnostics;
using static AccioKestrel.Testing.Accio;

namespace AccioKestrel.Tests.Client;

/// <summary>Standard streams as shells, schedulers and other programs leave them: closed, full, silent, of the wrong kind.</summary>
public sealed class ClientStreamTests
{
    /// <summary>Starts the client with a non-blocking standard input.</summary>
    private const string NonBlocking = """exec python3 -c 'import os, sys; os.set_blocking(0, False); os.execv(sys.argv[1], sys.argv[1:])' "$0" "$@" """;

    [Theory]
    [InlineData(""" "$0" "$@" <&- """, "Standard input is closed")]
    [InlineData(""" "$0" "$@" <&- >&- """, "Standard input is closed")]
    [InlineData(""" "$0" "$@" </tmp """, "Cannot read standard input: Is a directory")]
    [InlineData(""" "$0" "$@" 0>/dev/null """, "Cannot read standard input: Bad file descriptor")]
    public async Task StandardInput_ThatCannotBeRead_CostsTheServerNothing(string shell, string text)
    {
        await using var server = await AccioServer.StartAsync();
        await using var client = ClientProcess.Start(server.Port, "-", shell: shell);

        await client.ExpectErrorAsync(text);

        await server.StopAsync();
    }

    [Fact]
    public async Task StandardInput_ThatStaysSilent_IsGivenUpAndIsNoEndOfTheFile()
    {
        await using var server = await AccioServer.StartAsync();
        var clock = Stopwatch.StartNew();
        await using var client = ClientProcess.Start(server.Port, "-", "--timeout 1");

        await client.ExpectErrorAsync("Nothing came from standard input for 1 s; 0 bytes of it had ", "--timeout");

        Assert.InRange(clock.Elapsed.TotalSeconds, 1, double.MaxValue);
        await server.StopAsync("ERROR");
    }

    [Fact]
    public async Task StandardInput_ThatBecomesSilent_IsGivenUpAndIsNoEndOfTheFile()
    {
        using var server = new FakeServer();
        await using var client = ClientProcess.Start(server.Port, "-", "--timeout 1", shell: """{ printf abc; read; } | "$0" "$@" """);
        await server.HandshakeAsync();
        await server.ExpectAsync("abc");

        await server.ExpectResetAsync();

        await client.InputLineAsync();
        await client.ExpectErrorAsync("Nothing came from standard input for 1 s; 3 bytes of it had ");
    }

    [Fact]
    public async Task StandardInput_ThatPausesForLessThanTheLimit_IsSentToItsEnd()
    {
        using var server = new FakeServer();
        await using var client = ClientProcess.Start(
            server.Port, "-", "--timeout 10", shell: """for i in 1 2 3 4 5 6; do read; echo "$i"; done | "$0" "$@" """);
        await server.HandshakeAsync();
        // Together the pauses are longer than the limit, and each may last five times as long on a busy machine.
        for (var i = 1; i <= 6; i++)
        {
            server.Pause(seconds: 2);
            await client.InputLineAsync();
            await server.ExpectAsync($"{i}\n");
        }

        Assert.Equal(0, await server.ReceiveAllAsync());
        await server.CloseAfterSuccessAsync(client);
    }

    [Fact]
    public async Task StandardInput_NonBlocking_IsWaitedFor()
    {
        Assert.SkipUnless(ChildProcess.Exists("python3"), "python3 is not installed.");
        using var server = new FakeServer();
        await using var client = ClientProcess.Start(server.Port, "-", shell: $"{{ read; echo late; }} | ( {NonBlocking} )");
        await server.HandshakeAsync();
        server.ExpectSilence();
        await client.InputLineAsync();

        await server.ExpectAsync("late\n");

        Assert.Equal(0, await server.ReceiveAllAsync());
        await server.CloseAfterSuccessAsync(client);
    }

    [Theory]
    [InlineData("")]
    [InlineData(NonBlocking)]
    public async Task StandardInput_Silent_TakesNoProcessorTime(string shell)
    {
        Assert.SkipUnless(ChildProcess.Exists("python3"), "python3 is not installed.");
        using var server = new FakeServer();
        await using var client = ClientProcess.Start(server.Port, "-", shell: shell is "" ? null : shell);
        await server.HandshakeAsync();
        var before = ProcessorTime(client);
        var clock = Stopwatch.StartNew();
        server.Pause(seconds: 2);

        // A client that asks again and again takes all of a processor.
        var share = (ProcessorTime(client) - before) / clock.Elapsed;

        Assert.InRange(share, 0, 0.5);
    }

    [Fact]
    public async Task StandardInput_Silent_DoesNotHideThatTheServerResets()
    {
        using var server = new FakeServer();
        await using var client = ClientProcess.Start(server.Port, "-", "--timeout 60");
        await server.HandshakeAsync();

        server.Reset();

        await client.ExpectErrorAsync("The connection broke after 0 bytes of the file: Connection reset by peer.", "the server's log");
    }

    [Fact]
    public async Task StandardInput_Silent_DoesNotHideThatTheServerCloses()
    {
        using var server = new FakeServer();
        await using var client = ClientProcess.Start(server.Port, "-", "--timeout 60");
        await server.HandshakeAsync();

        server.Close();

        await client.ExpectErrorAsync("The server closed the connection after 0 bytes of the file, before its end.");
    }

    /// <summary>This file cannot be read at position 0. Only a read of at least one byte shows it.</summary>
    [Fact]
    public async Task File_ThatFailsInTheTransfer_IsNotTakenForTheConnection()
    {
        using var server = new FakeServer();
        await using var client = ClientProcess.Start(server.Port, "/proc/self/mem");
        await server.HandshakeAsync();

        await client.ExpectErrorAsync("Cannot read '/proc/self/mem': Input/output error");

        await server.ExpectResetAsync();
    }

    [Theory]
    [InlineData("/dev/full")]
    [InlineData("/dev/full <&-")]
    public async Task StandardError_Full_CostsTheServerNothing(string redirection)
    {
        await using var server = await AccioServer.StartAsync();
        await using var client = ClientProcess.Start(server.Port, "/dev/null", shell: $""" "$0" "$@" 2>{redirection} """);

        Assert.Equal(1, await client.ExitAsync());

        Assert.Empty(client.Output.ToString());
        await server.StopAsync();
    }

    [Theory]
    [InlineData("127.0.0.1 1 /dev/null")]
    [InlineData("--unknown")]
    public async Task StandardError_FullOrClosed_LeavesTheExitCode(string arguments)
    {
        foreach (var redirection in (string[])["2>/dev/full", "2>&-"])
        {
            await using var client = new ChildProcess("/bin/bash", ["-c", $""" "$0" {arguments} {redirection} """, ClientProcess.Binary]);

            Assert.Equal(1, await client.ExitAsync());
            Assert.Empty(client.Errors.ToString());
        }
    }

    /// <summary>A user who closes the standard streams expects no messages. None may be written to files that now have their numbers, such as the connection.</summary>
    [Fact]
    public async Task StandardStreams_Closed_DoNotKeepAFileFromItsServer()
    {
        using var file = TemporaryFile.Of(FileOf(1000));
        using var server = new FakeServer();
        await using var client = ClientProcess.Start(server.Port, file.Name, shell: """ "$0" "$@" <&- >&- 2>&- """);
        await server.AcceptAsync();
        // Long enough for the wait to be worth a message.
        server.Pause(seconds: 1.2);
        await server.SendAsync(Command);
        await server.ExpectAsync(FirstConfirmation);
        await server.SendAsync(Command);
        await server.ExpectAsync(SecondConfirmation);
        Assert.Equal(1000, await server.ReceiveAllAsync());

        await server.CloseAfterSuccessAsync(client);
    }

    [Fact]
    public async Task Help_ThatCannotBeWritten_IsAnError()
    {
        await using var client = new ChildProcess("/bin/bash", ["-c", """ "$0" --help >/dev/full """, ClientProcess.Binary]);

        await client.ExpectErrorAsync("No space left on device");
    }

    private static TimeSpan ProcessorTime(ChildProcess client)
    {
        using var process = Process.GetProcessById(client.Id);
        return process.TotalProcessorTime;
    }
}
