using System.Diagnostics;

namespace AccioKestrel.Tests.EndToEnd;

/// <summary>A client that has sent its whole file, and keeps its turn until it is told to end.</summary>
internal sealed class Turn(AccioClient client, int size)
{
    public int Size => size;

    /// <summary>The client's own port.</summary>
    public int Port { get; } = client.LocalPort;

    public long Began { get; } = Stopwatch.GetTimestamp();

    public long Ended { get; private set; }

    /// <summary>Connects, waits for its turn and sends its file.</summary>
    public static async Task<Turn> TakeAsync(HaProxy proxy, int size)
    {
        var client = await proxy.ConnectAsync();
        await client.ExpectCommandAsync();
        var turn = new Turn(client, size);
        await client.SendFirstConfirmationAsync();
        await client.ExpectCommandAsync();
        await client.SendSecondConfirmationAsync();
        await client.SendAsync(Accio.FileOf(size));
        return turn;
    }

    public Task EndAsync()
    {
        Ended = Stopwatch.GetTimestamp();
        client.HalfClose();
        return ExpectEndAsync();
    }

    /// <summary>Sees the server's end of the connection, asked for or not.</summary>
    public async Task ExpectEndAsync()
    {
        Assert.Empty(await client.WaitForCloseAsync());
        client.Dispose();
    }
}
