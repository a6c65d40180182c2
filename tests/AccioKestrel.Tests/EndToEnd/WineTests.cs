using System.Diagnostics;
using AccioKestrel.Tests.Check;
using AccioKestrel.Tests.Client;
using static AccioKestrel.Testing.Accio;

namespace AccioKestrel.Tests.EndToEnd;

/// <summary>Server and client as built for Windows, run by Wine.</summary>
public sealed class WineTests : IClassFixture<Wine>
{
    private const int MiB = 1024 * 1024;
    private const string LongLimits = "--shutdown-grace 3600 --idle-timeout 3600";

    private readonly Wine _wine;

    public WineTests(Wine wine)
    {
        Wine.SkipUnlessInstalled();
        _wine = wine;
    }

    [Fact]
    public async Task Transfer_SizesUpTo100MiB_AreCounted()
    {
        int[] sizes = [0, 1, 500, 10 * MiB, 100 * MiB];
        // Long, because the client makes its file in the exchange.
        var (server, ctrlC) = await _wine.StartServerAsync(LongLimits);
        await using var _ = server;
        foreach (var size in sizes)
        {
            await server.TransferAsync(size);
        }

        await ctrlC();

        await server.ExpectEndAsync(Stopwatch.StartNew(), sizes.Cast<object>());
    }

    [Theory]
    [InlineData(10)]
    [InlineData(100)]
    public async Task Clients_ThatWait_AreServedInOrder(int count)
    {
        var (server, ctrlC) = await _wine.StartServerAsync("--backlog 200");
        await using var _ = server;
        var clients = new List<AccioClient> { await server.ConnectServedAsync() };
        for (var size = 1; size <= count; size++)
        {
            clients.Add(await server.ConnectAsync());
            await clients[^1].SendAllAtOnceAsync(size);
        }

        await clients[0].SendAllAtOnceAsync(fileSize: 0);

        await server.ExpectLinesAsync(Enumerable.Range(0, count + 1).Cast<object>());
        clients.ForEach(client => client.Dispose());
        await ctrlC();
        await server.ExpectEndAsync(Stopwatch.StartNew(), Enumerable.Range(0, count + 1).Cast<object>());
    }

    [Fact]
    public async Task Client_ThatIsSilentOrWrongOrGone_IsAnError_AndTheNextIsServed()
    {
        var (server, ctrlC) = await _wine.StartServerAsync("--idle-timeout 4");
        await using var _ = server;
        using (var silent = await server.ConnectAsync())
        {
            await silent.ConfirmBothAsync();
            await silent.SendAsync("abc");
            await silent.WaitForResetAsync();
        }

        using (var wrong = await server.ConnectServedAsync())
        {
            await wrong.SendAsync("GET / HTTP/1.1\r\n\r\n");
            await server.ExpectLinesAsync("ERROR", "ERROR");
        }

        using (var reset = await server.ConnectAsync())
        {
            // Not in the file: Wine's poll swallows the reset, and the receive after it looks like an end.
            await reset.ExpectCommandAsync();
            await reset.SendFirstConfirmationAsync();
            await reset.ExpectCommandAsync();
            reset.Reset();
            await server.ExpectLinesAsync("ERROR", "ERROR", "ERROR");
        }

        // One that resets its connection while it waits.
        using (var served = await server.ConnectServedAsync())
        {
            using var resets = await server.ConnectAsync();
            resets.Reset();
            await served.SendAllAtOnceAsync(fileSize: 7);
            await served.WaitForCloseAsync();
        }

        await server.TransferAsync(5);
        await ctrlC();
        await server.ExitAsync();

        // The one that reset its connection may have been lost before its turn, or served.
        Assert.Contains(server.Output.ToString(), (string[])["ERROR\nERROR\nERROR\n7\n5\n", "ERROR\nERROR\nERROR\n7\nERROR\n5\n"]);
        Assert.DoesNotContain("Short of resources", server.Errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task CtrlC_InAFile_LetsItEnd()
    {
        var (server, ctrlC) = await _wine.StartServerAsync(LongLimits);
        await using var _ = server;
        using var client = await server.ConnectInTheFileAsync();

        await ctrlC();
        await client.ExpectSilenceAsync(seconds: 0.5);
        await client.SendAsync("def");
        client.HalfClose();

        Assert.Empty(await client.WaitForCloseAsync());
        await server.ExpectEndAsync(Stopwatch.StartNew(), 6);
    }

    [Fact]
    public async Task CtrlC_Twice_EndsTheGraceAtOnce()
    {
        var (server, ctrlC) = await _wine.StartServerAsync(LongLimits);
        await using var _ = server;
        using var client = await server.ConnectInTheFileAsync();

        await ctrlC();
        await client.ExpectSilenceAsync(seconds: 0.5);
        await ctrlC();

        await server.ExpectEndAsync(Stopwatch.StartNew(), "ERROR");
        await client.WaitForResetAsync();
    }

    [Theory]
    [InlineData("0")]
    [InlineData("5000 --idle-timeout x")]
    public async Task Arguments_Wrong_AreExplained(string arguments)
    {
        await using var server = _wine.Start($"server/AccioKestrel.exe {arguments}");
        await FailedStart.ExpectAsync(server);
    }

    [Fact]
    public async Task StandardOutput_ClosedByItsReader_EndsTheServerAndNamesTheResult()
    {
        var (server, _) = await _wine.StartServerAsync(pipeline: "| { read -r line; echo $line; exec <&-; echo closed >&4; }");
        await using var __ = server;
        await server.TransferAsync(3);
        await server.Errors.WaitUntilAsync(text => text.Contains("closed", StringComparison.Ordinal));

        await server.TransferAsync(4);

        Assert.Equal(1, await server.ExitAsync());
        Assert.Equal("3\n", server.Output.ToString());
        Assert.Contains("The result 4 could not be written to standard output: ", server.Errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task StandardOutput_NotRead_DoesNotKeepTheServerFromStopping()
    {
        // Fills the pipe, and reads it only to end it.
        var (server, ctrlC) = await _wine.StartServerAsync(
            LongLimits, "| { trap '' INT; dd if=/dev/zero bs=4096 count=1000 oflag=nonblock status=none >/proc/self/fd/0; echo full >&4; read -r _ </dev/tty; }");
        await using var _ = server;
        await server.Errors.WaitUntilAsync(text => text.Contains("full", StringComparison.Ordinal));
        using var client = await server.ConnectAsync();
        await client.TransferUnansweredAsync(fileSize: 4321);
        await client.ExpectSilenceAsync();

        await ctrlC();
        await server.Errors.WaitUntilAsync(text => text.Contains("ERROR: The result 4321 ", StringComparison.Ordinal));
        await server.InputLineAsync();

        Assert.Equal(1, await server.ExitAsync());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task OutputAndErrors_OnAFullDisk_EndTheServer(bool isStartRight)
    {
        using var folder = new TemporaryFolder();
        var port = AccioServer.FreePort();
        await using var server = _wine.Start(
            $"server/AccioKestrel.exe {(isStartRight ? port : 0)} >'{folder.In("output")}' 2>'{folder.In("errors")}'", before: "trap '' XFSZ; ulimit -f 0;");
        if (isStartRight)
        {
            await AccioServer.UntilListeningAsync(port);
            using var client = await AccioClient.ConnectAsync(port);
            await client.TransferUnansweredAsync(fileSize: 6);
        }

        Assert.Equal(1, await server.ExitAsync());
        Assert.Equal(0, new FileInfo(folder.In("errors")).Length);
    }

    /// <summary>Windows has an error of its own for a port that another program has for itself.</summary>
    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("127.0.0.1")]
    public async Task Port_InUse_IsExplained(string address)
    {
        var (server, ctrlC) = await _wine.StartServerAsync();
        await using var _ = server;
        await using var second = _wine.Start($"server/AccioKestrel.exe {server.Port} --listen {address}");

        await FailedStart.ExpectAsync(second, $"Port {server.Port} is in use");

        await ctrlC();
        await server.ExitAsync();
    }

    [Fact]
    public async Task StatusPage_IsServed()
    {
        var port = AccioServer.FreePort();
        var (server, ctrlC) = await _wine.StartServerAsync($"--status {port}");
        await using var _ = server;
        using var status = new StatusClient(port);
        await server.TransferAsync(5);

        Assert.Contains("<html", await status.TextAsync("/"), StringComparison.Ordinal);
        Assert.Contains("accio_received_bytes_total", await status.TextAsync("/metrics"), StringComparison.Ordinal);
        Assert.Equal(1, (long)(await status.StatusAsync())["totals"]!["exchanges"]!);

        await ctrlC();
        await server.ExpectEndAsync(Stopwatch.StartNew(), 5);
    }

    [Fact]
    public async Task Client_SendsAFileAndStandardInput()
    {
        using var file = TemporaryFile.Of(FileOf(3 * MiB + 1));
        await using var server = await AccioServer.StartAsync();

        await using (var client = _wine.StartClient(server.Port, Wine.NameOf(file.Name)))
        {
            await client.ExpectSuccessAsync();
        }

        await using (var client = _wine.StartClient(server.Port, "-"))
        {
            await client.InputAsync("hello");
            client.EndInput();
            await client.ExpectSuccessAsync();
        }

        await server.StopAsync(3 * MiB + 1, 5);
    }

    [Fact]
    public async Task Client_WhoseServerDoesNotTakeTheFile_Fails()
    {
        using var file = TemporaryFile.Of(FileOf(MiB));
        using var server = new FakeServer();
        await using var client = _wine.StartClient(server.Port, Wine.NameOf(file.Name));
        await server.HandshakeAsync();

        server.Close();

        await client.ExpectErrorAsync(" bytes of the file");
    }
}
