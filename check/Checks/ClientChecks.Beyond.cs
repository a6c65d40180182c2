using System.Net.Sockets;
using System.Text;

namespace AccioKestrel.Checker;

/// <content>Servers that misbehave, and files of all kinds.</content>
internal static partial class ClientChecks
{
    private const long MostGrowth = 64L * 1024 * 1024;

    private static Check[] Beyond() =>
    [
        new("command-pieces", null, 0, "A command may come byte by byte", CommandPiecesAsync)
        {
            Needs = s_basics,
            Explanation = "The command is cut at each of its places, then sent byte by byte.",
            Hint = "One recv() is not one command: collect bytes until the whole accio\\r\\n is there.",
            Seconds = 3,
        },
        new("commands-together", null, 0, "Segment borders mean nothing: both commands may come in one segment", CommandsTogetherAsync)
        {
            Needs = s_basics,
            Follows = ["command-pieces"],
            Explanation = "Both commands at once. Each must be confirmed.",
            Hint = "Receive no more than the 7 bytes of one command at a time, or keep what is left over for the next.",
        },
        new("wrong-command", null, 0, "Something else than a command is an error", WrongCommandAsync)
        {
            Needs = s_basics,
            Explanation = "A server that says ACCIO\\r\\n, and one that says HTTP/1.1 400. The client must not send its file.",
            Hint = "Compare what was received with accio\\r\\n, byte by byte.",
        },
        new("no-second-command", null, 0, "A limit of 10 s on waiting for a command, the second too", NoSecondCommandAsync)
        {
            Needs = s_basics,
            Follows = ["silent-server"],
            Explanation = "A server that never sends the second command. It is an error after about 10 s.",
            Hint = Limits,
            Seconds = 11,
        },
        new("server-ends", null, 0, "A server that ends the connection before the file is an error", ServerEndsAsync)
        {
            Needs = s_basics,
            Explanation = "A server that closes after the first command, and one that closes at once.",
            Hint = "recv() that returns no bytes is the server's end. Before the file it is an error: ERROR: on standard error, and a code other than 0.",
        },
        new("server-resets", null, 0, "A connection that breaks in the middle of the file is an error", ServerResetsAsync)
        {
            Needs = s_basics,
            Explanation = "A server that resets the connection after a part of the file.",
            Hint = "Catch OSError around all that is sent and received: it is an error, with a code other than 0.",
        },
        new("slow-reader", null, 0, "A server may be slow", SlowReaderAsync)
        {
            Needs = s_basics,
            Follows = ["large", "large-emulated"],
            Explanation = "A server that stops reading for 4 s in the middle of the file. All bytes must come.",
            Hint = "The 10 s are a limit on sending nothing at all: a time-out that is shorter gives up too early.",
            Seconds = 5,
        },
        new("server-stalls", null, 0, "A limit of 10 s on sending nothing", ServerStallsAsync)
        {
            Needs = s_basics,
            Follows = ["silent-server"],
            Explanation = "A server that stops reading for good in the middle of the file. It is an error after about 10 s.",
            Hint = Limits,
            Seconds = 11,
        },
        new("empty-file", null, 0, "A file may be empty", context => TransmitAsync(context, 0, Emulation.None))
        {
            Needs = s_basics,
            Explanation = "The header and the end, and code 0.",
            Hint = "An empty file is no error.",
        },
        new("binary", null, 0, "All of it is bytes", BinaryAsync)
        {
            Needs = s_basics,
            Explanation = "A file with every byte value.",
            Hint = Hints.Text,
        },
        new("missing-file", null, 0, "A file that cannot be read is an error", MissingFileAsync)
        {
            Needs = s_basics,
            Explanation = "A file that does not exist.",
            Hint = Errors,
        },
        new("memory", null, 0, "Never the whole file in memory", MemoryAsync)
        {
            Needs = s_basics,
            Follows = ["large"],
            Explanation = "A file of 200 MiB. The client's memory may grow by 64 MiB at the most.",
            Hint = "Read and send a piece at a time: read() without a size reads all of it.",
            Seconds = 3,
        },
    ];

    private static async Task CommandPiecesAsync(CheckContext context)
    {
        string[][] ways =
        [
            .. Enumerable.Range(1, Accio.Command.Length - 1).Select(cut => new[] { Accio.Command[..cut], Accio.Command[cut..] }),
            [.. Accio.Command.Select(character => character.ToString())],
        ];
        foreach (var pieces in ways)
        {
            await context.PartAsync(string.Join(" | ", pieces.Select(Accio.Printable)), async () =>
            {
                using var server = Listen();
                var client = StartClient(context, server.Port, Files.Text(20));
                await AcceptAsync(context, server, client);
                await SendPiecesAsync();
                var isDeferred = await IsDeferredAsync(context, server);
                await server.ExpectAsync(Accio.FirstConfirmation);
                if (!isDeferred)
                {
                    await SendPiecesAsync();
                }

                context.Expect("the second confirmation after a command in pieces");
                await server.ExpectAsync(Accio.SecondConfirmation);
                await ExpectFileAsync(context, server, client, Files.Text(20));
                server.Close();
                await client.ExpectSuccessAsync();
                return "code 0";

                async Task SendPiecesAsync()
                {
                    context.Expect("the confirmation of a command in pieces");
                    foreach (var piece in pieces)
                    {
                        await server.SendAsync(piece);
                        await Task.Delay(30);
                    }
                }
            });
        }

        context.Conclude();
    }

    private static async Task CommandsTogetherAsync(CheckContext context)
    {
        using var server = Listen();
        var client = StartClient(context, server.Port, Files.Text(20));
        await AcceptAsync(context, server, client);
        await server.SendAsync(Accio.Command + Accio.Command);
        context.Expect("both confirmations");
        await server.ExpectAsync(Accio.Header);
        await ExpectFileAsync(context, server, client, Files.Text(20));
        server.Close();
        await client.ExpectSuccessAsync();
    }

    private static async Task WrongCommandAsync(CheckContext context)
    {
        foreach (var command in new[] { "ACCIO\r\n", "HTTP/1.1 400 Bad Request\r\n\r\n" })
        {
            await context.PartAsync(Accio.Printable(command), async () =>
            {
                using var server = Listen();
                var client = StartClient(context, server.Port, Files.Text(20));
                await AcceptAsync(context, server, client);
                await server.SendAsync(command);
                context.Expect("the end of the connection after a wrong command");
                return await ReceiveAnswerAsync(server) is { Length: > 0 } answer
                    ? throw FindingException.Fail("an error after a wrong command", $"an answer to it: {Accio.Printable(Encoding.Latin1.GetString(answer))}")
                    : await client.ExpectErrorAsync("a wrong command", s_longestTimeout);
            });
        }

        context.Conclude();
    }

    /// <summary>What a client says before it ends the connection, in whatever way.</summary>
    private static async Task<byte[]> ReceiveAnswerAsync(FakeServer server)
    {
        try
        {
            return await server.ReceiveBytesAsync(Accio.Header.Length);
        }
        catch (SocketException)
        {
            return [];
        }
    }

    private static async Task NoSecondCommandAsync(CheckContext context)
    {
        using var server = Listen();
        var client = StartClient(context, server.Port, Files.Text(20));
        await AcceptAsync(context, server, client);
        await server.SendAsync(Accio.Command);
        await ExpectTimeoutAsync(context, client, "a server that never sends the second command", TimeSpan.Zero);
    }

    private static async Task ServerEndsAsync(CheckContext context)
    {
        foreach (var sent in new[] { "", Accio.Command, Accio.Command[..4] })
        {
            await context.PartAsync($"the end after '{Accio.Printable(sent)}'", async () =>
            {
                using var server = Listen();
                var client = StartClient(context, server.Port, Files.Text(20));
                await AcceptAsync(context, server, client);
                await server.SendAsync(sent);
                server.HalfClose();
                return await client.ExpectErrorAsync("the server's end", ServerRun.Soon);
            });
        }

        context.Conclude();
    }

    private static async Task ServerResetsAsync(CheckContext context)
    {
        using var server = Listen();
        var client = StartClient(context, server.Port, Files.Text(LargeSize));
        await HandshakeAsync(context, server, client);
        await server.ReceiveAsync(100_000);
        server.Reset();
        await context.PartAsync("reset in the file", () => client.ExpectErrorAsync("a reset in the middle of the file", ServerRun.Soon));
        context.Conclude();
    }

    private static async Task SlowReaderAsync(CheckContext context)
    {
        const int first = 85_000;
        using var server = Listen(receiveBuffer: 16 * 1024);
        var file = Files.Text(LargeSize);
        var client = StartClient(context, server.Port, file);
        await HandshakeAsync(context, server, client);
        context.Expect("the client to bear a server that does not read for 4 s");
        await server.ReceiveAsync(first);
        await Task.Delay(TimeSpan.FromSeconds(4));
        context.Expect("the rest of the file after a pause of 4 s");
        await ExpectFileAsync(context, server, client, file[first..]);
        server.Close();
        await client.ExpectSuccessAsync();
    }

    private static async Task ServerStallsAsync(CheckContext context)
    {
        using var server = Listen(receiveBuffer: 16 * 1024);
        var client = StartClient(context, server.Port, Files.Text(LargeSize));
        await HandshakeAsync(context, server, client);
        await server.ReceiveAsync(100_000);
        await ExpectTimeoutAsync(context, client, "a server that stops reading", TimeSpan.Zero);
    }

    private static async Task BinaryAsync(CheckContext context)
    {
        using var server = Listen();
        var client = StartClient(context, server.Port, Files.Binary(4000));
        await HandshakeAsync(context, server, client);
        await ExpectFileAsync(context, server, client, Files.Binary(4000));
        server.Close();
        await client.ExpectSuccessAsync();
    }

    /// <summary>A client may open its file only after both commands, which do not come: it gives up after 10 s.</summary>
    private static readonly TimeSpan s_lateOpen = TimeSpan.FromSeconds(15);

    private static async Task MissingFileAsync(CheckContext context)
    {
        using var server = Listen();
        var file = WriteFile(context, []);
        File.Delete(file);
        var client = context.Own(new ClientRun(context, server.Port, file));
        await context.PartAsync("no such file", () => client.ExpectErrorAsync("a file that does not exist", s_lateOpen));
        context.Conclude();
    }

    private static async Task MemoryAsync(CheckContext context)
    {
        const long size = 200L * 1024 * 1024;
        using var server = Listen();
        var path = WriteFile(context, []);
        await using (var sparse = File.OpenWrite(path))
        {
            sparse.SetLength(size);
        }

        var client = context.Own(new ClientRun(context, server.Port, path));
        await AcceptAsync(context, server, client);
        var before = client.Program.PeakBytes;
        await server.SendAsync(Accio.Command);
        if (!await IsDeferredAsync(context, server))
        {
            await server.SendAsync(Accio.Command);
        }

        await server.ExpectAsync(Accio.Header);
        context.Expect($"{Size.Of(size)} of file");
        // A part is left that no buffer of the kernel holds, so that the client still runs when its memory is looked at.
        var received = await server.ReceiveAsync(size - (16 * 1024 * 1024));
        var growth = client.Program.PeakBytes - before;
        received += await server.ReceiveAllAsync();
        server.Close();
        await client.ExpectSuccessAsync();
        if (received != size)
        {
            throw FindingException.Fail($"{CheckContext.Number(size)} bytes of file", $"{CheckContext.Number(received)} bytes");
        }

        if (growth > MostGrowth)
        {
            throw FindingException.Fail($"at most {Size.Of(MostGrowth)} more memory while the file is sent", $"{Size.Of(growth)} more");
        }
    }
}
