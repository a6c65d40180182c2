using System.Globalization;
using System.Text.RegularExpressions;
using AccioKestrel.Tests.EndToEnd;
using static AccioKestrel.Testing.Accio;

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
        await using var client = Start(server, "/dev/null", command: "echo pid $$; exec env --default-signal=INT $CLIENT");
        await server.AcceptAsync();
        var output = await client.Output.WaitUntilAsync(text => text.Contains("Waiting in the queue", StringComparison.Ordinal));

        Signal.Interrupt.SendTo(int.Parse(output.AsSpan(4, output.IndexOf('\r', StringComparison.Ordinal) - 4), CultureInfo.InvariantCulture));

        Assert.Equal(130, await client.ExitAsync());
        var text = client.Output.ToString();
        Assert.True(text.LastIndexOf(ShowCursor, StringComparison.Ordinal) > text.LastIndexOf(HideCursor, StringComparison.Ordinal), text);
        Assert.DoesNotContain(" at ", text, StringComparison.Ordinal);
    }

    /// <summary>The text stays on one line from its first redrawing to its end, and shows as much as there is room for.</summary>
    [Theory]
    [InlineData(20, @"^Waited for \d+ s\.\n 2[5-9]%  \S+ [KM]?i?B/s$", @"^Waited for \d+ s\.\n64\.0 MiB in [\d.:]+( m?s)?\nexit code 0$")]
    [InlineData(40, @"^Waited in the queue for \d+ s\.\n.* 2[5-9]%  \S+ [KM]?i?B/s.*$", @"^Waited in the queue for \d+ s\.\n100%  64\.0 MiB in [\d.:]+( m?s)?, \S+ [KMG]iB/s\nexit code 0$")]
    [InlineData(80, @"^Waited in the queue for \d+ s\.\n\S+ ━{5}─{15}  2[5-9]%  \S+ [KM]?i?B/s.*$", @"^Waited in the queue for \d+ s\.\n\S+ ━{20} 100%  64\.0 MiB in [\d.:]+( m?s)?, \S+ [KMG]iB/s\nexit code 0$")]
    [InlineData(200, @"^Waited in the queue for \d+ s\.\ntmp\w+\.tmp ━{5}─{15}  2[5-9]%  .*, 1\d\.\d MiB of 64\.0 MiB$", @"^Waited in the queue for \d+ s\.\ntmp\w+\.tmp ━{20} 100%  64\.0 MiB in [\d.:]+( m?s)?, \S+ [KMG]iB/s\nexit code 0$")]
    public async Task Terminal_OfAnyWidth_ShowsOneLineThatFits(int columns, string moving, string ended)
    {
        using var file = TemporaryFile.Sparse(64 * Megabyte);
        using var server = new FakeServer(receiveBuffer: 64 * 1024);
        await using var terminal = await StartSessionAsync(server, file.Name, columns);
        await server.AcceptAsync();
        await terminal.WaitUntilAsync(screen => screen.Contains(": 1 s", StringComparison.Ordinal) || screen.Contains("Waiting in the queue for 1 s", StringComparison.Ordinal));
        await server.SendAsync(Command);
        await server.ExpectAsync(FirstConfirmation);
        await server.SendAsync(Command);
        await server.ExpectAsync(SecondConfirmation);
        await server.ReceiveAsync(16 * Megabyte);

        await terminal.WaitUntilAsync(screen => Matches(screen, moving));
        await server.ReceiveAllAsync();
        server.Close();

        await terminal.WaitUntilAsync(screen => Matches(screen, ended));
    }

    [Theory]
    [InlineData(20, @"^5,000,000 bytes$", @"^4\.77 MiB in [\d.:]+( m?s)?\nexit code 0$")]
    [InlineData(40, @"5,000,000 bytes, \S+ [KM]?i?B/s", @"^5,000,000 bytes in [\d.:]+( m?s)?, \S+ [KMG]iB/s\nexit code 0$")]
    [InlineData(80, @"^standard input: 5,000,000 bytes, \S+ [KM]?i?B/s, [\d:]+( s)?$", @"^standard input: 5,000,000 bytes in [\d.:]+( m?s)?, \S+ [KMG]iB/s\nexit code 0$")]
    public async Task Terminal_StandardInput_ShowsOneLineThatFits(int columns, string moving, string ended)
    {
        using var server = new FakeServer();
        await using var terminal = await StartSessionAsync(server, "-", columns, before: "head -c 5000000 /dev/zero |");
        await server.HandshakeAsync();
        Assert.Equal(5_000_000, await server.ReceiveAllAsync());

        await terminal.WaitUntilAsync(screen => Matches(screen, moving));
        server.Close();

        await terminal.WaitUntilAsync(screen => Matches(screen, ended));
    }

    [Theory]
    [InlineData(40)]
    [InlineData(20)]
    public async Task Terminal_Error_IsNotBrokenInsideWords(int columns)
    {
        Needs.Installed("tmux");
        await using var terminal = await TerminalSession.StartAsync(Waiting($"{TerminalSession.Quote(ClientProcess.Binary)} 127.0.0.1 5000"), columns);
        var screen = await terminal.WaitUntilAsync(screen => screen.Contains("exit code 1", StringComparison.Ordinal));
        Assert.Equal(
            "ERROR: The file is missing, as in AccioClient 127.0.0.1 5000 README.md. Usage: AccioClient HOST PORT FILE [options]; try --help. exit code 1",
            Regex.Replace(screen, @"\s+", " ", RegexOptions.None, TimeSpan.FromSeconds(1)));
    }

    /// <summary>A file's name is the user's, but may come from elsewhere.</summary>
    [Theory]
    [InlineData("a\e[2Jb\r\nc", @"^a\\x1B\[2Jb\\x0D\\x0Ac ━{20} 100%")]
    [InlineData("ファイル", "^ファイル ━{20} 100%")]
    [InlineData("[red]", @"^\[red\] ━{20} 100%")]
    [InlineData("a-very-long-name-of-a-file-that-has-no-room-in-a-line.txt", "^a-very-long-na.*… ━{20} 100%")]
    public async Task Terminal_FileName_IsShownAsText(string name, string line)
    {
        var folder = Directory.CreateTempSubdirectory("accio ä ");
        try
        {
            var file = Path.Combine(folder.FullName, name);
            await File.WriteAllBytesAsync(file, FileOf(1000));
            using var server = new FakeServer();
            await using var terminal = await StartSessionAsync(server, file, columns: 80);
            await server.HandshakeAsync();
            Assert.Equal(1000, await server.ReceiveAllAsync());
            server.Close();

            var screen = await terminal.WaitUntilAsync(screen => screen.Contains("exit code 0", StringComparison.Ordinal));

            // On a busy machine, a line about the wait in the queue stands above.
            Assert.Matches($"(?m){line}", screen);
            Assert.Equal(2, screen.Split('\n').Count(row => !row.StartsWith("Waited in the queue", StringComparison.Ordinal)));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Terminal_StoppedAndContinued_IsLeftToTheShellInBetween()
    {
        Needs.Installed("tmux");
        using var file = TemporaryFile.Sparse(64 * Megabyte);
        using var server = new FakeServer(receiveBuffer: 64 * 1024);
        var script = $"set -m; {CommandLine(server, file.Name)} --timeout 60; echo stopped; read; fg";
        await using var terminal = await TerminalSession.StartAsync(Waiting($"bash -c {TerminalSession.Quote(script)}"));
        await server.HandshakeAsync();
        await server.ReceiveAsync(16 * Megabyte);
        await terminal.WaitUntilAsync(screen => Matches(screen, @" 2[5-9]%  "));

        await terminal.PressAsync("C-z");

        var stopped = await terminal.WaitUntilAsync(screen => screen.EndsWith("\nstopped", StringComparison.Ordinal));
        Assert.DoesNotContain("%", stopped, StringComparison.Ordinal);

        await terminal.PressAsync("Enter");
        await terminal.WaitUntilAsync(screen => Matches(screen, @" 2[5-9]%  "));
        await server.ReceiveAllAsync();
        server.Close();
        await terminal.WaitUntilAsync(screen => Matches(screen, @" 100%  64\.0 MiB in .*\nexit code 0$"));
    }

    [Fact]
    public async Task Terminal_ControlC_LeavesNothingOfTheLine()
    {
        using var server = new FakeServer();
        // Without a trap the shell would end with the client, and not say how.
        await using var terminal = await StartSessionAsync(server, "/dev/null", columns: 80, before: "trap : INT;");
        await server.AcceptAsync();
        await terminal.WaitUntilAsync(screen => screen.StartsWith("Waiting in the queue", StringComparison.Ordinal));

        await terminal.PressAsync("C-c");

        var screen = await terminal.WaitUntilAsync(screen => screen.Contains("exit code 130", StringComparison.Ordinal));
        Assert.DoesNotContain("queue", screen, StringComparison.Ordinal);
        await server.ExpectResetAsync();
    }

    [Fact]
    public async Task Terminal_ControlC_OfAPipeline_IsNoEndOfTheFile()
    {
        using var server = new FakeServer();
        // The source dies by the same key, and its end of the pipe may be seen before the client's own signal.
        await using var terminal = await StartSessionAsync(server, "-", columns: 80, before: "trap : INT; { printf abc; exec sleep 1000; } |");
        await server.HandshakeAsync();
        await server.ExpectAsync("abc");

        await terminal.PressAsync("C-c");

        await terminal.WaitUntilAsync(screen => screen.Contains("exit code 130", StringComparison.Ordinal));
        await server.ExpectResetAsync();
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
            ["-c", """exec script --quiet --return --command "stty cols 120 rows 30; $0" /dev/null""", command.Replace("$CLIENT", CommandLine(server, file), StringComparison.Ordinal)],
            ("SHELL", "/bin/bash"),
            ("TERM", "xterm-256color"));
    }

    /// <summary>Starts the client in a terminal of this width, whose screen can be read.</summary>
    private static Task<TerminalSession> StartSessionAsync(FakeServer server, string file, int columns, string before = "")
    {
        Needs.Installed("tmux");
        return TerminalSession.StartAsync(Waiting($"{before} {CommandLine(server, file)} --timeout 60"), columns);
    }

    /// <summary>When the last process of a terminal ends, tmux scrolls its screen.</summary>
    private static string Waiting(string command) => $"{command}; echo exit code $?; read end";

    private static string CommandLine(FakeServer server, string file) =>
        $"{TerminalSession.Quote(ClientProcess.Binary)} 127.0.0.1 {AccioServer.Number(server.Port)} {TerminalSession.Quote(file)}";

    private static bool Matches(string screen, string pattern) => Regex.IsMatch(screen, pattern, RegexOptions.None, TimeSpan.FromSeconds(1));
}
