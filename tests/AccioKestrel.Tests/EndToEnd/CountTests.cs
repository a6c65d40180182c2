using System.Diagnostics;
using System.Net.Sockets;

namespace AccioKestrel.Tests.EndToEnd;

/// <summary><c>--count</c>: so many results, and then the end.</summary>
public sealed class CountTests
{
    [Fact]
    public async Task Server_ThatHasAllItsResults_EndsWithoutServingTheNextClient()
    {
        await using var server = await AccioServer.StartAsync("--count 3");
        await server.TransferAsync(5);
        using (var bad = await server.ConnectAsync())
        {
            await bad.SendAsync("x");
            await bad.WaitForCloseAsync();
        }

        using var last = await server.ConnectServedAsync();
        using var waiting = await server.ConnectAsync();
        await server.ExpectQueueAsync(1);
        await last.SendFirstConfirmationAsync();
        await last.ExpectCommandAsync();
        await last.SendSecondConfirmationAsync();
        last.HalfClose();

        await server.ExpectEndAsync(Stopwatch.StartNew(), 5, "ERROR", 0);
        try
        {
            Assert.Empty(await waiting.WaitForCloseAsync());
        }
        catch (SocketException exception) when (exception.SocketErrorCode is SocketError.ConnectionReset)
        {
            // The kernel's answer for a client that was not accepted yet, as by any other stop.
        }
    }

    [Fact]
    public async Task Server_ThatIsStoppedBefore_EndsAsOthersDo()
    {
        await using var server = await AccioServer.StartAsync("--count 3");
        await server.TransferAsync(5);
        await server.StopAsync(5);
    }

    [Fact]
    public async Task LastResult_ThatCannotBeWritten_IsAFailure()
    {
        await using var server = await AccioServer.StartAsync("--count 1", """exec "$0" "$@" > /dev/full""");
        await server.TransferAsync(5);
        Assert.Equal(1, await server.ExitAsync());
    }
}
