using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace AccioKestrel.Tests.EndToEnd;

/// <summary>File descriptors: none is lost, and when there are none the server waits and goes on.</summary>
public sealed class ResourceTests
{
    // Below what every process has open: not one more can be opened, whichever is closed.
    private const int NoMore = 3;

    [Fact]
    public async Task Descriptors_Exhausted_ClientsWaitAndAreServedWhenTheyAreBack()
    {
        SkipWhereThreadsNeedDescriptors();
        Needs.Installed("prlimit");
        var (server, status) = await StatusClient.StartAsync();
        await using var _ = server;
        using var __ = status;
        var before = await GetLimitAsync(server);
        // The exchange that a waiting accept has its descriptor for already.
        using var served = await server.ConnectServedAsync();
        using var client = await server.ConnectAsync();
        using var next = await server.ConnectAsync();

        await server.SetLimitAsync("nofile", NoMore);
        served.HalfClose();
        await server.Errors.WaitUntilAsync(text => text.Contains("Short of resources, clients must wait: Too many open files\n", StringComparison.Ordinal));
        await client.ExpectSilenceAsync(seconds: 2);
        await next.ExpectSilenceAsync(seconds: 0);
        await server.ExpectQueueAsync(2);

        await server.SetLimitAsync("nofile", before);
        await client.TransferAsync(2);
        await next.TransferAsync(3);

        // Tried with pauses of up to a second. Without them it would have been tried thousands of times.
        var errors = Regex.Match(
            await status.TextAsync("/metrics"), """accio_accept_errors_total\{[^}]*error_type="short_of_resources"[^}]*\} (?<count>\d+)""", RegexOptions.NonBacktracking);
        Assert.InRange(int.Parse(errors.Groups["count"].Value, CultureInfo.InvariantCulture), 2, 100);
        // Said once, however often it was tried.
        Assert.Equal(2, server.Errors.ToString().Split("Short of resources").Length);
        await server.StopAsync("ERROR", 2, 3);
    }

    [Fact]
    public async Task Descriptors_Exhausted_ASignalEndsTheServer()
    {
        SkipWhereThreadsNeedDescriptors();
        await using var server = await AccioServer.StartAsync();
        using var served = await server.ConnectServedAsync();
        using var client = await server.ConnectAsync();
        await server.SetLimitAsync("nofile", NoMore);
        served.HalfClose();
        await server.Errors.WaitUntilAsync(text => text.Contains("Short of resources, clients must wait: Too many open files\n", StringComparison.Ordinal));

        await server.StopAsync("ERROR");
    }

    [Fact]
    public async Task Descriptors_FewAtAll_SufficeForAnyNumberOfClients()
    {
        const int limit = 256;
        const int clients = limit + 50;
        await using var server = await AccioServer.StartAsync(shell: $"""ulimit -n {limit}; exec "$0" "$@" """);
        var open = server.OpenSockets;

        for (var size = 0; size < clients; size++)
        {
            await server.TransferAsync(size);
        }

        await Patience.UntilEqual(open, () => server.OpenSockets);
        await server.StopAsync(Enumerable.Range(0, clients).Cast<object>());
    }

    [Fact]
    public async Task Memory_DoesNotGrowWithTheFile()
    {
        await using var server = await AccioServer.StartAsync();
        using var client = await server.ConnectAsync();
        await client.ConfirmBothAsync();
        var piece = new byte[1024 * 1024];
        await client.SendAsync(piece);
        var before = ResidentBytes(server);

        const int pieces = 1024;
        for (var i = 1; i < pieces; i++)
        {
            await client.SendAsync(piece);
        }

        // An eighth of the file: a debug build makes garbage, and does not collect the first 80 MB of it.
        const long limit = pieces / 8 * 1024 * 1024;
        Assert.InRange(ResidentBytes(server) - before, long.MinValue, limit);
        client.HalfClose();
        await client.WaitForCloseAsync();
        await server.StopAsync((long)pieces * piece.Length);
    }

    [Fact]
    public async Task Memory_LimitedToWhatTheManualAdvises_SufficesForAllThatAClientMaySend()
    {
        // Of docs/OPERATIONS.md; the runtime of the ordinary build needs as much again.
        using var limit = new MemoryLimit(AccioServer.IsBuiltWithTheTests ? 128 : 64);
        await using var server = await AccioServer.StartAsync(shell: limit.Shell);
        var piece = new byte[1024 * 1024];
        const int pieces = 256;
        using (var client = await server.ConnectAsync())
        {
            await client.ConfirmBothAsync();
            for (var i = 0; i < pieces; i++)
            {
                await client.SendAsync(piece);
            }

            client.HalfClose();
            await client.WaitForCloseAsync();
        }

        const int queued = 100;
        using var served = await server.ConnectServedAsync();
        using var queue = new WaitingClients(await Task.WhenAll(Enumerable.Range(0, queued).Select(_ => server.ConnectAsync())));
        foreach (var client in queue)
        {
            await client.SendAllAtOnceAsync(10_000);
        }

        served.HalfClose();
        object[] lines = [(long)pieces * piece.Length, "ERROR", .. Enumerable.Repeat<object>(10_000, queued)];
        await server.ExpectLinesAsync(lines);
        await server.StopAsync(lines);
    }

    private static void SkipWhereThreadsNeedDescriptors() => Assert.SkipWhen(
        AccioServer.IsBuiltWithTheTests,
        "The ordinary runtime opens a pipe for each new thread, and aborts if it cannot. Publish a native binary and name it in ACCIO_BINARY.");

    private static async Task<int> GetLimitAsync(AccioServer server) =>
        int.Parse(
            await ChildProcess.RunShellAsync("prlimit --pid $0 --nofile --output SOFT --noheadings", AccioServer.Number(server.ProcessId)),
            CultureInfo.InvariantCulture);

    private static long ResidentBytes(AccioServer server)
    {
        using var process = Process.GetProcessById(server.ProcessId);
        return process.WorkingSet64;
    }
}
