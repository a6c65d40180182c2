using System.Net;
using System.Text;
using static AccioKestrel.Testing.Accio;

namespace AccioKestrel.Tests.Client;

/// <summary>The client and the server, each as a process: what the one sends is what the other counts.</summary>
public sealed class ClientTransferTests
{
    private const long Gigabyte = 1L << 30;

    /// <summary>What the runtime takes, and then some; an eighth of the large file.</summary>
    private const long FlatMemory = Gigabyte / 8;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1234567)]
    public async Task File_OfAnySize_IsCounted(int size)
    {
        using var file = TemporaryFile.Of(FileOf(size));
        await using var server = await AccioServer.StartAsync();

        await ClientProcess.SendAsync(server.Port, file.Name);

        await server.StopAsync(size);
    }

    [Fact]
    public async Task File_ArrivesAsItIs()
    {
        var content = Encoding.Latin1.GetString(FileOf(100_000));
        using var file = TemporaryFile.Of(Bytes(content));
        using var server = new FakeServer();
        await using var client = ClientProcess.Start(server.Port, file.Name);

        await server.HandshakeAsync();
        await server.ExpectAsync(content);

        Assert.Equal(0, await server.ReceiveAllAsync());
        await server.CloseAfterSuccessAsync(client);
    }

    [Theory]
    [InlineData("""head -c 3000000 /dev/zero | "$0" "$@" """, 3_000_000)]
    [InlineData(""": | "$0" "$@" """, 0)]
    [InlineData("""(sleep 0.3; echo -n abc; sleep 0.3; echo -n def) | "$0" "$@" """, 6)]
    [InlineData(""" "$0" "$@" < /dev/null""", 0)]
    public async Task StandardInput_IsCounted(string shell, int size)
    {
        await using var server = await AccioServer.StartAsync();

        await ClientProcess.SendAsync(server.Port, "-", shell: shell);

        await server.StopAsync(size);
    }

    [Fact]
    public async Task StandardInput_AFileThatWasReadFrom_IsSentFromWhereItIs()
    {
        using var file = TemporaryFile.Of(Bytes("first\nsecond\n"));
        using var server = new FakeServer();
        await using var client = ClientProcess.Start(server.Port, "-", shell: $$"""{ read first; "$0" "$@"; } < '{{file.Name}}'""");

        await server.HandshakeAsync();
        await server.ExpectAsync("second\n");

        Assert.Equal(0, await server.ReceiveAllAsync());
        await server.CloseAfterSuccessAsync(client);
    }

    [Fact]
    public async Task NamedPipe_IsSentAsAFile()
    {
        await using var server = await AccioServer.StartAsync();

        await ClientProcess.SendAsync(server.Port, "unused", shell: """exec "$0" "$1" "$2" <(head -c 200000 /dev/zero)""");

        await server.StopAsync(200_000);
    }

    [Fact]
    public async Task File_Large_TakesNoMemory()
    {
        using var file = TemporaryFile.Sparse(Gigabyte);
        using var server = new FakeServer();
        await using var client = ClientProcess.Start(server.Port, file.Name);
        await server.HandshakeAsync();

        Assert.Equal(Gigabyte, await server.ReceiveAllAsync());

        // It waits for the server's end, with all of the file behind it.
        Assert.InRange(client.PeakBytes(), 1, FlatMemory);
        await server.CloseAfterSuccessAsync(client);
    }

    [Fact]
    public async Task StandardInput_Large_TakesNoMemory()
    {
        using var server = new FakeServer();
        // The client takes the place of the shell, so that its process is known.
        await using var client = ClientProcess.Start(server.Port, "-", shell: $"""exec "$0" "$@" < <(head -c {Gigabyte} /dev/zero)""");
        await server.HandshakeAsync();

        Assert.Equal(Gigabyte, await server.ReceiveAllAsync());

        Assert.InRange(client.PeakBytes(), 1, FlatMemory);
        await server.CloseAfterSuccessAsync(client);
    }

    [Fact]
    public async Task Deferred_LenientServer_IsCounted()
    {
        using var file = TemporaryFile.Of(FileOf(54321));
        await using var server = await AccioServer.StartAsync("--lenient");

        await ClientProcess.SendAsync(server.Port, file.Name, "--deferred");

        await server.StopAsync(54321);
    }

    [Fact]
    public async Task Deferred_SaysNothingBeforeBothCommands()
    {
        using var file = TemporaryFile.Of([]);
        using var server = new FakeServer();
        await using var client = ClientProcess.Start(server.Port, file.Name, "--deferred");
        await server.AcceptAsync();
        await server.SendAsync(Command);
        server.ExpectSilence();

        await server.SendAsync(Command);

        await server.ExpectAsync(Header);
        Assert.Equal(0, await server.ReceiveAllAsync());
        await server.CloseAfterSuccessAsync(client);
    }

    [Fact]
    public async Task Deferred_BothCommandsAtOnce_IsInOrder()
    {
        using var file = TemporaryFile.Of([]);
        using var server = new FakeServer();
        await using var client = ClientProcess.Start(server.Port, file.Name, "--deferred");
        await server.AcceptAsync();

        await server.SendAsync(Command + Command);

        await server.ExpectAsync(Header);
        Assert.Equal(0, await server.ReceiveAllAsync());
        await server.CloseAfterSuccessAsync(client);
    }

    [Fact]
    public async Task Interleaved_SaysNothingBeforeItsTurnAndItsSecondCommand()
    {
        using var file = TemporaryFile.Of([]);
        using var server = new FakeServer();
        await using var client = ClientProcess.Start(server.Port, file.Name);
        await server.AcceptAsync();
        server.ExpectSilence();
        // In pieces: segments mean nothing.
        await server.SendAsync(Command[..3]);
        server.ExpectSilence();
        await server.SendAsync(Command[3..]);
        await server.ExpectAsync(FirstConfirmation);
        server.ExpectSilence();

        await server.SendAsync(Command);

        await server.ExpectAsync(SecondConfirmation);
        Assert.Equal(0, await server.ReceiveAllAsync());
        await server.CloseAfterSuccessAsync(client);
    }

    [Fact]
    public async Task Queue_PatientClient_SaysHowLongItWaited()
    {
        using var file = TemporaryFile.Of(FileOf(77));
        await using var server = await AccioServer.StartAsync();
        using var first = await server.ConnectServedAsync();
        await using var client = ClientProcess.Start(server.Port, file.Name, "--timeout 3 --wait forever");
        await using var quiet = ClientProcess.Start(server.Port, file.Name, "--timeout 3 --wait 60 --quiet");
        await server.ExpectQueueAsync(2);
        // Longer than everything else may take.
        await first.ExpectSilenceAsync(seconds: 4.1);

        first.HalfClose();

        var code = await client.ExitAsync();
        Assert.Matches(@"^Waited in the queue for ([4-9]|\d\d) s\.\n$", client.Errors.ToString());
        Assert.Equal(0, code);
        await quiet.ExpectSuccessAsync();
        await server.StopAsync("ERROR", 77, 77);
    }

    [Theory]
    [InlineData("localhost")]
    [InlineData("127.0.0.1")]
    [InlineData("::ffff:127.0.0.1")]
    public async Task Host_NameOrAddress_IsFound(string host)
    {
        using var file = TemporaryFile.Of(FileOf(9));
        await using var server = await AccioServer.StartAsync();

        await ClientProcess.SendAsync(server.Port, file.Name, host: host);

        await server.StopAsync(9);
    }

    [Theory]
    [InlineData("::1")]
    [InlineData("[::1]")]
    public async Task Host_OfIPv6_IsFound(string host)
    {
        Needs.IPv6();
        using var file = TemporaryFile.Of(FileOf(9));
        using var server = new FakeServer(IPAddress.IPv6Loopback);
        await using var client = ClientProcess.Start(server.Port, file.Name, host: host);

        await server.HandshakeAsync();

        Assert.Equal(9, await server.ReceiveAllAsync());
        await server.CloseAfterSuccessAsync(client);
    }
}
