using System.Globalization;
using System.Text.RegularExpressions;
using AccioKestrel.Tests.EndToEnd;
using static AccioKestrel.Tests.EndToEnd.Accio;

namespace AccioKestrel.Tests.Client;

/// <summary>What the user sees in a terminal: a real pseudo-terminal, made by <c>script</c>.</summary>
public sealed class ClientTerminalTests
{
    private const string ShowCursor = "\e[?25h";
    private const string HideCursor = "\e[?25l";
    private const int Megabyte = 1024 * 1024;

    [Fact]
    public async Task Terminal_ShowsTheQueueAndThenTheProgress()
    {
        using var file = TemporaryFile.Sparse(64 * Megabyte);
        using var server = new FakeServer(receiveBuffer: 64 * 1024);
        await using var client = Start(server, file.Name);
        await server.AcceptAsync();
        await client.Output.WaitUntilAsync(text => text.Contains("Waiting in the queue for 1 s", StringComparison.Ordinal));
        await server.SendAsync(Command);
        await server.ExpectAsync(FirstConfirmation);
        await server.SendAsync(Command);
        await server.ExpectAsync(SecondConfirmation);
        await server.ReceiveAsync(16 * Megabyte);

        // A quarter of the file is with the server, and a little more in its kernel's small buffer.
        await client.Output.WaitUntilAsync(text =>
            text.Contains(Path.GetFileName(file.Name), StringComparison.Ordinal)
            && Regex.IsMatch(text, "2[5-9]%.*/s", RegexOptions.NonBacktracking));
        await server.ReceiveAllAsync();
        server.Close();

        Assert.Equal(0, await client.ExitAsync());
        var text = client.Output.ToString();
        Assert.Contains("Waited in the queue for ", text, StringComparison.Ordinal);
        Assert.Contains("100%", text, StringComparison.Ordinal);
        Assert.True(text.LastIndexOf(ShowCursor, StringComparison.Ordinal) > text.LastIndexOf(HideCursor, StringComparison.Ordinal), text);
    }

    [Fact]
    public async Task Terminal_StandardInput_ShowsBytesAndRate()
    {
        using var server = new FakeServer();
        await using var client = Start(server, "-", command: "head -c 5000000 /dev/zero | $CLIENT");
        await server.HandshakeAsync();
        Assert.Equal(5_000_000, await server.ReceiveAllAsync());
        await client.Output.WaitUntilAsync(text => text.Contains("standard input: 5,000,000 bytes", StringComparison.Ordinal));
        server.Close();

        Assert.Equal(0, await client.ExitAsync());
        Assert.DoesNotContain("%", client.Output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Terminal_NoColor_HasNoColors()
    {
        using var file = TemporaryFile.Sparse(Megabyte);
        using var server = new FakeServer();
        await using var client = Start(server, file.Name, command: "NO_COLOR=1 $CLIENT");
        await using var colorful = Start(server, file.Name);
        for (var i = 0; i < 2; i++)
        {
            await server.HandshakeAsync();
            Assert.Equal(Megabyte, await server.ReceiveAllAsync());
            server.Close();
        }

        Assert.Equal(0, await client.ExitAsync());
        Assert.Equal(0, await colorful.ExitAsync());
        const string color = @"\e\[[0-9;]*38;[0-9;]*m";
        Assert.Contains("100%", client.Output.ToString(), StringComparison.Ordinal);
        Assert.DoesNotMatch(color, client.Output.ToString());
        Assert.Matches(color, colorful.Output.ToString());
    }

    [Theory]
    [InlineData("$CLIENT --quiet")]
    [InlineData("TERM=dumb $CLIENT")]
    [InlineData("$CLIENT 2>/dev/null")]
    public async Task Terminal_ThatShouldOrCanShowNothing_StaysEmpty(string command)
    {
        using var file = TemporaryFile.Sparse(Megabyte);
        using var server = new FakeServer();
        await using var client = Start(server, file.Name, command: command);
        await server.HandshakeAsync();
        Assert.Equal(Megabyte, await server.ReceiveAllAsync());
        server.Close();

        Assert.Equal(0, await client.ExitAsync());
        Assert.Empty(client.Output.ToString());
    }

    [Fact]
    public async Task Terminal_Failure_IsSaidBelowTheProgress()
    {
        using var file = TemporaryFile.Sparse(64 * Megabyte);
        using var server = new FakeServer();
        await using var client = Start(server, file.Name);
        await server.HandshakeAsync();
        await server.ReceiveAsync(16 * Megabyte);
        await client.Output.WaitUntilAsync(text => text.Contains('%', StringComparison.Ordinal));

        server.Reset();

        Assert.Equal(1, await client.ExitAsync());
        var text = client.Output.ToString();
        Assert.Contains($"{ShowCursor}ERROR: The connection broke after ", text, StringComparison.Ordinal);
        Assert.EndsWith(".\r\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Terminal_Interrupt_LeavesTheCursorVisible()
    {
        using var server = new FakeServer();
        await using var client = Start(server, "/dev/null", command: "echo pid $$; exec $CLIENT");
        await server.AcceptAsync();
        var output = await client.Output.WaitUntilAsync(text => text.Contains("Waiting in the queue", StringComparison.Ordinal));

        Signal.Interrupt.SendTo(int.Parse(output.AsSpan(4, output.IndexOf('\r', StringComparison.Ordinal) - 4), CultureInfo.InvariantCulture));

        Assert.Equal(130, await client.ExitAsync());
        var text = client.Output.ToString();
        Assert.True(text.LastIndexOf(ShowCursor, StringComparison.Ordinal) > text.LastIndexOf(HideCursor, StringComparison.Ordinal), text);
        Assert.DoesNotContain(" at ", text, StringComparison.Ordinal);
    }

    /// <summary>Starts the client in a terminal of its own.</summary>
    /// <param name="server">The server that it connects to.</param>
    /// <param name="file">What it sends.</param>
    /// <param name="command">A shell command, in which <c>$CLIENT</c> stands for the client and its arguments.</param>
    private static ChildProcess Start(FakeServer server, string file, string command = "$CLIENT")
    {
        Assert.SkipUnless(ChildProcess.Exists("script"), "script (bsdutils) is not installed.");
        return new ChildProcess(
            "/bin/bash",
            ["-c", """exec script --quiet --return --command "stty cols 120 rows 30; $0" /dev/null""", command],
            ("CLIENT", $"{ClientProcess.Binary} 127.0.0.1 {AccioServer.Number(server.Port)} {file}"),
            ("TERM", "xterm-256color"));
    }
}
