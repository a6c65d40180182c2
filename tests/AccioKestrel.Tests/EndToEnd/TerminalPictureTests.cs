using System.Text.RegularExpressions;

namespace AccioKestrel.Tests.EndToEnd;

/// <summary>
/// The README's pictures of the terminal show what the program shows. With ACCIO_PICTURES=write, the tests make the pictures
/// instead of comparing them.
/// </summary>
public sealed partial class TerminalPictureTests
{
    private const int Columns = 90;

    [Fact]
    public async Task Pictures_ShowATransferAndWhatIsLeftOfIt()
    {
        Needs.Installed("tmux");
        var port = AccioServer.FreePort();
        await using var terminal = await TerminalSession.StartAsync($"echo '$ dotnet run -- {port}'; {TerminalSession.Quote(AccioServer.Binary)} {port}", Columns);
        await AccioServer.UntilListeningAsync(port);
        using var first = await AccioClient.ConnectAsync(port);
        await first.ConfirmBothAsync();
        using var second = await AccioClient.ConnectAsync(port);
        using var third = await AccioClient.ConnectAsync(port);
        await first.SendAsync(new byte[512 * 1024]);
        // A rate is the growth since an earlier look.
        await terminal.WaitUntilAsync(screen => screen.Contains("512 KiB, ", StringComparison.Ordinal));
        for (var sent = 1; sent < 20; sent++)
        {
            await first.SendAsync(new byte[512 * 1024]);
        }

        await terminal.WaitUntilAsync(screen => screen.Contains("10.0 MiB, ", StringComparison.Ordinal) && screen.Contains(", 2 waiting", StringComparison.Ordinal));
        Compare("docs/terminal-transfer.svg", await terminal.ColouredScreenAsync(), port);

        first.HalfClose();
        await second.ExpectCommandAsync();
        await second.SendAsync("confirm-accio\n");
        await third.TransferAsync(500);
        await terminal.WaitUntilAsync(screen => screen.Contains("500 B in ", StringComparison.Ordinal));
        await terminal.PressAsync("C-c");
        await terminal.WaitUntilAsync(screen => screen.Contains("exit code 0", StringComparison.Ordinal));
        Compare("docs/terminal-results.svg", await terminal.ColouredScreenAsync(), port);
    }

    private static void Compare(string path, string screen, int port)
    {
        var rows = screen.Replace($"{port}", "5000", StringComparison.Ordinal).Split('\n');
        var picture = TerminalPicture.Draw(
            string.Join('\n', rows.Where(row => row.Length > 0 && !row.Contains("exit code", StringComparison.Ordinal) && !row.Contains("Pane is dead", StringComparison.Ordinal))), Columns);
        var file = Repository.PathOf(path);
        if (Environment.GetEnvironmentVariable("ACCIO_PICTURES") is "write")
        {
            File.WriteAllText(file, picture);
        }

        Assert.Equal(WithoutMeasures(File.ReadAllText(file)), WithoutMeasures(picture));
    }

    /// <summary>Ports of clients, times and rates differ from run to run.</summary>
    private static string WithoutMeasures(string picture) => Measures().Replace(picture, "0");

    [GeneratedRegex(@"(?<=127\.0\.0\.1:)\d+|\d:\d\d:\d\d|(?<= in )(less than 1 ms|\d+ ms|\d+\.\d\d s)(, [\d.]+ ([KMG]i)?B/s)?|[\d.]+ ([KMG]i)?B/s|silent \d+ s of 10 s", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Measures();
}
