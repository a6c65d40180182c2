using System.Net;
using System.Net.Sockets;

namespace AccioKestrel.Checker;

/// <content>The criteria, in the course's words.</content>
internal static partial class ClientChecks
{
    private const int SmallSize = 500;
    private const int LargeSize = 10_000_019;
    private const string Errors = "On an error write a line that begins with ERROR: to standard error, and end with a code other than 0.";
    private const string Limits = "settimeout(10) before connect() limits connecting, each recv() and each send() to 10 s; catch the time-out, and end with an error.";
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_longestTimeout = TimeSpan.FromSeconds(25);

    private static Check[] Course() =>
    [
        new("commits", 1, 5, "At least 3 new git commits", GitHistory.CheckAsync)
        {
            Explanation = "Counts the commits of the submission's repository, those behind --base REVISION if that is given. Without a folder, or in a shallow clone, it is unavailable.",
        },
        new("arguments", 2, 5, "Client properly handles command line arguments", ArgumentsAsync)
        {
            Explanation = "Starts the client without arguments, and without the last one. It must end with a code other than 0, and standard error must begin with ERROR:.",
            Hint = Errors,
        },
        new("invalid-host", 3, 5, "Client handles invalid hostname/port", InvalidHostAsync)
        {
            Explanation = "A host name that does not exist, and the ports -1, 70000 and 'port'. Each is an error.",
            Hint = Errors,
        },
        new("connects", 4, 10, "Client connects to a live remote server", ConnectsAsync)
        {
            Explanation = "A server that listens must get a connection.",
            Hint = "connect() to the host and port of the command line.",
        },
        new("dead-server", 5, 5, "Client fails to connect to a non-functioning server", DeadServerAsync)
        {
            Explanation = "A port on which no program listens. It is an error.",
            Hint = Errors,
        },
        new("connect-timeout", 6, 10, "Client fails to connect to a non-functioning server within 10 seconds", ConnectTimeoutAsync)
        {
            Follows = ["dead-server"],
            Explanation = "A server whose kernel does not answer. It is an error after about 10 s, not after the two minutes of the system.",
            Hint = Limits,
            Seconds = 10,
        },
        new("after-command", 7, 10, "Client starts transmitting after receiving the command", AfterCommandAsync)
        {
            Needs = ["connects"],
            Explanation = "A server that accepts and says nothing for a while. Nothing may come from the client before the first accio\\r\\n.",
            Hint = "Receive until the whole accio\\r\\n is there before anything is sent.",
        },
        new("headers", 8, 10, "Client sends correctly the required headers", HeadersAsync)
        {
            Needs = ["connects"],
            Follows = ["after-command"],
            Explanation = "The bytes confirm-accio\\r\\n after the first command, and confirm-accio-again\\r\\n\\r\\n after the second. A client that waits for both commands is accepted too, and named.",
            Hint = "Send confirm-accio\\r\\n first, and confirm-accio-again\\r\\n\\r\\n second, byte by byte: the second ends in two line ends.",
        },
        new("silent-server", 9, 5, "Client aborts when the server gets disconnected for more than 10 seconds", SilentServerAsync)
        {
            Needs = ["connects"],
            Explanation = "A server that accepts, and never says anything. It is an error after about 10 s.",
            Hint = Limits,
            Seconds = 10,
        },
        new("small", 10, 5, "Client transmits a small file (~500 bytes) without emulated delays and transmission errors", context => TransmitAsync(context, SmallSize, Emulation.None))
        {
            Needs = ["headers"],
            Explanation = "A file of 500 bytes. Exactly these bytes must come, then the end; the client ends with code 0.",
            Hint = "Open the file with 'rb', send what read() returns with sendall(), close the socket.",
        },
        new("small-emulated", 11, 10, "Client transmits a small file (~500 bytes) with emulated delays and transmission errors", context => TransmitAsync(context, SmallSize, context.Target.Emulation))
        {
            Needs = ["headers"],
            Follows = ["small"],
            Explanation = "The same through a relay with delays and lost pieces.",
            Hint = Limits,
            Seconds = 2,
        },
        new("large", 12, 10, "Client transmits a large file (~10 MiB) without emulated delays and transmission errors", context => TransmitAsync(context, LargeSize, Emulation.None))
        {
            Needs = ["headers"],
            Follows = ["small"],
            Explanation = "A file of 10,000,019 bytes.",
            Hint = "send() may take fewer bytes than it was given: use sendall().",
        },
        new("large-emulated", 13, 10, "Client transmits a large file (~10 MiB) with emulated delays and transmission errors", context => TransmitAsync(context, LargeSize, context.Target.Emulation))
        {
            Needs = ["headers"],
            Follows = ["small", "large", "small-emulated"],
            Explanation = "The same through a relay with delays, lost pieces and a pause of 4 s.",
            Hint = Limits,
            Seconds = 9,
        },
    ];

    private static async Task ArgumentsAsync(CheckContext context)
    {
        var command = context.Target.Command;
        var first = command.Select((word, index) => (word, index)).First(item => item.word.Contains('{', StringComparison.Ordinal)).index;
        await context.PartAsync("no arguments", () => ExpectErrorAsync(context, [.. command.Take(first)], "a start without arguments"));
        await context.PartAsync("no file", () => ExpectErrorAsync(
            context,
            [.. context.Target.Fill(("{host}", "127.0.0.1"), ("{port}", "20001")).Where(word => !word.Contains("{file}", StringComparison.Ordinal))],
            "a start without a file"));
        context.Conclude();
    }

    private static async Task InvalidHostAsync(CheckContext context)
    {
        var file = WriteFile(context, Files.Text(SmallSize));
        await context.PartAsync("host no-such-host.invalid", () => WithAsync("no-such-host.invalid", "20001"));
        foreach (var port in new[] { "-1", "70000", "port" })
        {
            await context.PartAsync($"port {port}", () => WithAsync("127.0.0.1", port));
        }

        context.Conclude();

        Task<string> WithAsync(string host, string port) =>
            ExpectErrorAsync(context, context.Target.Fill(("{host}", host), ("{port}", port), ("{file}", file)), $"host {host}, port {port}");
    }

    private static async Task<string> ExpectErrorAsync(CheckContext context, string[] command, string after)
    {
        // A resolver without a network takes its time.
        return await context.Own(new ClientRun(context, command)).ExpectErrorAsync(after, s_longestTimeout);
    }

    private static async Task ConnectsAsync(CheckContext context)
    {
        using var server = Listen();
        var client = StartClient(context, server.Port, Files.Text(SmallSize));
        await AcceptAsync(context, server, client);
    }

    private static async Task DeadServerAsync(CheckContext context)
    {
        using var port = PortReservation.Take();
        var client = StartClient(context, port.Port, Files.Text(SmallSize));
        await context.PartAsync("no program listens", () => client.ExpectErrorAsync("a refused connection", s_longestTimeout));
        context.Conclude();
    }

    private static async Task ConnectTimeoutAsync(CheckContext context)
    {
        // The kernel drops attempts to connect while the queue of a listening socket is full.
        using var full = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        full.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        full.Listen(0);
        var fillers = new List<Socket>();
        try
        {
            for (var number = 0; number < 4; number++)
            {
                var filler = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                fillers.Add(filler);
                _ = filler.ConnectAsync(full.LocalEndPoint!).ContinueWith(connected => connected.Exception, TaskScheduler.Default);
                await Task.Delay(20);
            }

            var client = StartClient(context, ((IPEndPoint)full.LocalEndPoint!).Port, Files.Text(SmallSize));
            await ExpectTimeoutAsync(context, client, "a server that does not answer", TimeSpan.Zero);
        }
        finally
        {
            fillers.ForEach(filler => filler.Dispose());
        }
    }

    /// <summary>An error after about ten seconds.</summary>
    private static async Task ExpectTimeoutAsync(CheckContext context, ClientRun client, string after, TimeSpan before)
    {
        await context.PartAsync(after, () => client.ExpectErrorAsync($"ten seconds with {after}", s_longestTimeout + before));
        context.Conclude();
        var elapsed = client.Elapsed - before;
        if (elapsed < s_timeout - TimeSpan.FromSeconds(0.5))
        {
            throw FindingException.Fail("patience of 10 s", $"an error after {Size.Of(elapsed)}", Limits);
        }

        if (elapsed > s_timeout + TimeSpan.FromSeconds(5))
        {
            context.NotStrict($"the error came only after {Size.Of(elapsed)}");
        }
    }

    private static async Task AfterCommandAsync(CheckContext context)
    {
        using var server = Listen();
        var client = StartClient(context, server.Port, Files.Text(SmallSize));
        await AcceptAsync(context, server, client);
        context.Expect("nothing before the first command");
        await Task.Delay(TimeSpan.FromSeconds(0.5));
        server.ExpectSilence();
        await server.SendAsync(Accio.Command);
        await IsDeferredAsync(context, server);
        context.Expect("the first confirmation after the command");
        await server.ExpectAsync(Accio.FirstConfirmation);
    }

    private static async Task HeadersAsync(CheckContext context)
    {
        using var server = Listen();
        var client = StartClient(context, server.Port, []);
        var style = await HandshakeAsync(context, server, client);
        await context.PartAsync("header", () => Task.FromResult(style));
    }

    private static async Task SilentServerAsync(CheckContext context)
    {
        using var server = Listen();
        var client = StartClient(context, server.Port, Files.Text(SmallSize));
        await AcceptAsync(context, server, client);
        await ExpectTimeoutAsync(context, client, "a server that says nothing", TimeSpan.Zero);
    }

    private static async Task TransmitAsync(CheckContext context, int size, Emulation emulation)
    {
        using var server = Listen();
        await using var relay = emulation == Emulation.None
            ? null
            : new Relay(new IPEndPoint(IPAddress.Loopback, 0), new IPEndPoint(IPAddress.Loopback, server.Port), emulation, context.Seed);
        var file = Files.Text(size);
        var client = StartClient(context, relay?.EndPoint.Port ?? server.Port, file);
        await HandshakeAsync(context, server, client);
        await ExpectFileAsync(context, server, client, file);
        server.Close();
        await client.ExpectSuccessAsync();
        if (relay is not null)
        {
            await context.PartAsync("emulated", () => Task.FromResult(relay.Summary));
        }
    }

    private static FakeServer Listen(int receiveBuffer = 0) => new(receiveBuffer: receiveBuffer) { Limit = s_longestTimeout };

    private static async Task AcceptAsync(CheckContext context, FakeServer server, ClientRun client)
    {
        const string expected = "the client to connect";
        context.Expect(expected);
        var accepted = server.AcceptAsync();
        var ended = client.Program.ExitAsync(s_longestTimeout);
        if (await Task.WhenAny(accepted, ended) == ended && await ended is not null && await Task.WhenAny(accepted, Task.Delay(TimeSpan.FromSeconds(0.3))) != accepted)
        {
            throw FindingException.Fail(expected, $"it ended without a connection: {client.End}", Hints.FromErrors(client.Program.Errors.Text));
        }

        await accepted;
    }

    /// <summary>Steps 1 to 4 with a client of either kind.</summary>
    /// <returns>The kind.</returns>
    private static async Task<string> HandshakeAsync(CheckContext context, FakeServer server, ClientRun client)
    {
        await AcceptAsync(context, server, client);
        await server.SendAsync(Accio.Command);
        var isDeferred = await IsDeferredAsync(context, server);
        context.Expect("the first confirmation after the first command");
        await server.ExpectAsync(Accio.FirstConfirmation);
        if (!isDeferred)
        {
            await server.SendAsync(Accio.Command);
        }

        context.Expect("the second confirmation after the second command");
        await server.ExpectAsync(Accio.SecondConfirmation);
        return isDeferred
            ? "deferred: it waits for both commands. Servers that wait for the first confirmation, as most do, never serve it"
            : "interleaved: it confirms each command at once";
    }

    /// <summary>Whether the client waits for the second command before it confirms the first. If it does, the second command is sent.</summary>
    private static async Task<bool> IsDeferredAsync(CheckContext context, FakeServer server)
    {
        context.Expect("the first confirmation after the first command");
        for (var round = 0; round < 300; round++)
        {
            if (server.HasInput)
            {
                return false;
            }

            await Task.Delay(10);
        }

        await server.SendAsync(Accio.Command);
        return true;
    }

    /// <summary>Receives a file and its end, and compares it byte by byte.</summary>
    private static async Task ExpectFileAsync(CheckContext context, FakeServer server, ClientRun client, byte[] file)
    {
        context.Expect($"{Size.Of(file.Length)} of file, and the end of the connection");
        var received = await server.ReceiveBytesAsync(file.Length + 1);
        var same = received.AsSpan().CommonPrefixLength(file);
        if (same == file.Length && received.Length == file.Length)
        {
            return;
        }

        if (same < Math.Min(file.Length, received.Length))
        {
            throw FindingException.Fail(
                $"byte {same + 1} of the file and what follows: {Excerpt(file, same)}", $"{Excerpt(received, same)}",
                "Send the file's bytes as they are: open it with 'rb', no .encode().");
        }

        var expected = $"{CheckContext.Number(file.Length)} bytes of file";
        if (received.Length > file.Length)
        {
            throw FindingException.Fail(expected, "more bytes", "Send what read() has returned, and nothing else: no filling up, no line end behind the file.");
        }

        var seen = $"{CheckContext.Number(received.Length)} bytes, then the end";
        server.Close();
        throw await client.Program.ExitAsync(ServerRun.Soon) is not (null or 0)
            ? FindingException.Fail(expected, $"{seen}; {client.End}", Hints.FromErrors(client.Program.Errors.Text))
            : FindingException.Fail(expected, seen, "send() may take fewer bytes than it was given: use sendall(); read until read() returns no bytes.");
    }

    private static string Excerpt(byte[] bytes, int start) =>
        Accio.Printable(System.Text.Encoding.Latin1.GetString(bytes, start, Math.Min(16, bytes.Length - start)));

    /// <summary>Starts the client with a file of these bytes.</summary>
    private static ClientRun StartClient(CheckContext context, int port, byte[] file) =>
        context.Own(new ClientRun(context, port, WriteFile(context, file)));

    private static string WriteFile(CheckContext context, byte[] bytes)
    {
        var file = context.Own(new TemporaryFile());
        File.WriteAllBytes(file.Path, bytes);
        return file.Path;
    }
}
