using System.Globalization;
using System.Net.Sockets;

namespace AccioKestrel.Load;

/// <summary>What a client does, and whether the server counts its file or prints <c>ERROR</c>.</summary>
/// <param name="Name">Its name in the report.</param>
/// <param name="Share">How many of a thousand clients have this behaviour.</param>
/// <param name="IsCounted">Whether the printed line is the size of the file.</param>
/// <param name="LiveAsync">From the connection to its end, with a file of this size.</param>
internal sealed record Behaviour(string Name, int Share, bool IsCounted, Func<AccioClient, int, Task> LiveAsync)
{
    /// <summary>
    /// The idle time-out of the server. Ten seconds for each silent client would be most of the run. One second is long enough that a busy
    /// machine does not make other clients silent.
    /// </summary>
    public static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(1);

    private static readonly string[] s_lies = ["confirm-accio\n", Accio.FirstConfirmation + "confirm-accio-again\r\n\r.", new('\0', 15), "GET / HTTP/1.1\r\n\r\n"];

    public static IReadOnlyList<Behaviour> All { get; } =
    [
        new("right", 480, true, (client, size) => client.TransferAsync(size)),
        new("hasty", 250, true, BeHastyAsync),
        new("slow", 10, true, BeSlowAsync),
        new("silent", 10, false, BeSilentAsync),
        new("resetting", 70, false, ResetInTheFileAsync),
        new("lying", 60, false, LieAsync),
        new("half said", 40, false, SayHalfAsync),
        new("left the queue", 40, false, (client, _) => Do(client.Dispose)),
        new("reset in the queue", 40, false, (client, _) => Do(client.Reset)),
    ];

    /// <summary>The line that the server prints.</summary>
    public string LineFor(int size) => IsCounted ? size.ToString(CultureInfo.InvariantCulture) : "ERROR";

    private static Task Do(Action action)
    {
        action();
        return Task.CompletedTask;
    }

    private static async Task BeHastyAsync(AccioClient client, int size)
    {
        await client.SendAllAtOnceAsync(size);
        await client.WaitForCloseAsync();
    }

    private static async Task BeSlowAsync(AccioClient client, int size)
    {
        await client.ExpectCommandAsync();
        await client.SendFirstConfirmationAsync();
        await client.ExpectCommandAsync();
        await client.SendAsync(Accio.SecondConfirmation[..7]);
        await Task.Delay(IdleTimeout * 0.3);
        await client.SendAsync(Accio.SecondConfirmation[7..]);
        await client.SendAsync(Accio.FileOf(size / 2));
        await Task.Delay(IdleTimeout * 0.3);
        await client.SendAsync(Accio.FileOf(size - (size / 2)));
        client.HalfClose();
        await client.WaitForCloseAsync();
    }

    /// <summary>Falls silent before the first confirmation, before the second one, or in the file.</summary>
    private static async Task BeSilentAsync(AccioClient client, int size)
    {
        await client.ExpectCommandAsync();
        if (size % 3 > 0)
        {
            await client.SendFirstConfirmationAsync();
            await client.ExpectCommandAsync();
        }

        if (size % 3 > 1)
        {
            await client.SendSecondConfirmationAsync();
            await client.SendAsync(Accio.FileOf(size));
        }

        await client.WaitForResetAsync();
    }

    private static async Task ResetInTheFileAsync(AccioClient client, int size)
    {
        await client.ConfirmBothAsync();
        await client.SendAsync(Accio.FileOf(size));
        client.Reset();
    }

    private static async Task LieAsync(AccioClient client, int size)
    {
        await client.ExpectCommandAsync();
        await client.SendAsync(s_lies[size % s_lies.Length]);
        await EndAsync(client);
    }

    private static async Task SayHalfAsync(AccioClient client, int size)
    {
        await client.ExpectCommandAsync();
        await client.SendAsync(Accio.Header[..(size % Accio.Header.Length)]);
        await EndAsync(client);
    }

    private static async Task EndAsync(AccioClient client)
    {
        try
        {
            client.HalfClose();
            await client.WaitForCloseAsync();
        }
        catch (SocketException)
        {
            // The server has closed with bytes unread, which makes the kernel send a reset.
        }
    }
}
