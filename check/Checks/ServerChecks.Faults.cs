using System.Diagnostics;

namespace AccioKestrel.Checker;

/// <content>Clients that are silent, slow, wrong, or gone.</content>
internal static partial class ServerChecks
{
    private static readonly TimeSpan s_drip = TimeSpan.FromSeconds(9);

    private static Check[] Faults() =>
    [
        new("timeout-steps", null, 0, "More than 10 s in which no byte came from the client, at any step", TimeoutStepsAsync)
        {
            Needs = s_basics,
            Follows = ["timeout", "emulated", "emulated-value", "pieces"],
            Explanation = "Three clients that fall silent after half a confirmation, after the header, and in the middle of the file, each with a server of its own.",
            Hint = Hints.Silence,
            Seconds = 11,
        },
        new("drip", null, 0, "Ten seconds are counted from the last byte received, never from the start", DripAsync)
        {
            Needs = s_basics,
            Follows = ["timeout", "emulated", "emulated-value", "pieces"],
            Explanation = "A client that pauses for 9 s in the header, and for 9 s in the file. It is in order, and the result is the number.",
            Hint = Hints.WholeTimeout,
            Seconds = 19,
        },
        new("close-early", null, 0, "The client ended before its confirmations were complete: ERROR, and the connection is closed", CloseEarlyAsync)
        {
            Needs = s_basics,
            Explanation = "Clients that end their sending side at each step of the header. Each is an ERROR, and the next client is served.",
            Hint = "recv() that returns no bytes before the header is complete is the client's end: print ERROR, close the connection, go on.",
        },
        new("reset", null, 0, "The connection was reset: ERROR", ResetAsync)
        {
            Needs = s_basics,
            Explanation = "Clients that reset the connection after each step, and in the middle of the file. Each is an ERROR, and the next client is served.",
            Hint = Hints.Reset,
        },
        new("wrong-byte", null, 0, "The client sent something else than a confirmation: ERROR, and the connection is closed", WrongByteAsync)
        {
            Needs = s_basics,
            Explanation = "Clients with a wrong byte in either confirmation, and one that speaks HTTP. Each is an ERROR without waiting for more, and the next client is served.",
            Hint = Hints.Compare,
        },
    ];

    private static async Task TimeoutStepsAsync(CheckContext context)
    {
        await Task.WhenAll(
            StepAsync("silent after half a confirmation", (_, client) => client.SendAsync(Accio.FirstConfirmation[..5])),
            StepAsync("silent after the header", (server, client) => server.ConfirmAsync(client)),
            StepAsync("silent in the middle of the file", async (server, client) =>
            {
                await server.ConfirmAsync(client);
                await client.SendAsync(Files.Text(1000));
            }));
        context.Conclude();

        Task StepAsync(string name, Func<ServerRun, AccioClient, Task> steps) => context.PartAsync(name, async () =>
        {
            var server = await context.StartServerAsync();
            var elapsed = await ExpectTimeoutAsync(context, server, name, client => steps(server, client));
            await server.ExpectResultsAsync(Hints.Silence, "ERROR");
            return $"ended after {Size.Of(elapsed)}";
        });
    }

    private static async Task DripAsync(CheckContext context)
    {
        var server = await context.StartServerAsync();
        using var client = await server.ConnectAndExpectCommandAsync();
        await client.SendAsync(Accio.FirstConfirmation[..4]);
        await DripAsync(context, client, Accio.FirstConfirmation[4..]);
        await server.ExpectCommandAsync(client, "the second command after a pause of 9 s, which is no time-out");
        await client.SendSecondConfirmationAsync();
        await server.WaitUntilReadAsync(client);
        await client.SendAsync("abc");
        await DripAsync(context, client, "def");
        client.HalfClose();
        await server.ExpectCloseAsync(client, "the server to close the connection after the file's end");
        await server.ExpectResultsAsync(Hints.WholeTimeout, "6");
    }

    /// <summary>Sends after a pause that is no time-out; on a machine too busy for that, nothing can be said of the server.</summary>
    private static async Task DripAsync(CheckContext context, AccioClient client, string rest)
    {
        var before = client.LastSent;
        context.Expect("nine seconds of silence, which the server must bear");
        await Task.Delay(s_drip - Stopwatch.GetElapsedTime(before));
        await client.SendAsync(rest);
        if (Stopwatch.GetElapsedTime(before) > s_silence - TimeSpan.FromSeconds(0.2))
        {
            throw FindingException.Unavailable("this machine is too busy to send a byte nine seconds after another");
        }
    }

    private static async Task CloseEarlyAsync(CheckContext context)
    {
        string[] steps = ["", Accio.FirstConfirmation[..7], Accio.FirstConfirmation, Accio.Header[..25], Accio.Header[..^1]];
        var server = await context.StartServerAsync();
        foreach (var sent in steps)
        {
            using var client = await server.ConnectAndExpectCommandAsync();
            await SendHeaderAsync(server, client, sent);
            client.HalfClose();
            await server.WaitForEndAsync(client, $"the server to end the connection of a client that ended after {sent.Length} bytes of the header");
        }

        await server.ExpectServiceAsync();
        await server.ExpectResultsAsync(hint: null, [.. steps.Select(_ => "ERROR"), "77"]);
    }

    private static async Task ResetAsync(CheckContext context)
    {
        string[] steps = ["", Accio.FirstConfirmation, Accio.Header, Accio.Header + "abcdefgh"];
        var server = await context.StartServerAsync();
        foreach (var sent in steps)
        {
            using var client = await server.ConnectAndExpectCommandAsync();
            await SendHeaderAsync(server, client, sent);
            await server.WaitUntilReadAsync(client);
            client.Reset();
        }

        await server.ExpectServiceAsync();
        await server.ExpectResultsAsync(Hints.Reset, [.. steps.Select(_ => "ERROR"), "77"]);
    }

    private static async Task WrongByteAsync(CheckContext context)
    {
        string[] wrong = ["Confirm-accio\r\n", "confirm-accio\n\n", Accio.FirstConfirmation + "confirm-accio-agaim\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"];
        var server = await context.StartServerAsync();
        foreach (var sent in wrong)
        {
            using var client = await server.ConnectAndExpectCommandAsync();
            await SendHeaderAsync(server, client, sent);
            await server.WaitForEndAsync(client, $"the server to end the connection of a client that has sent {Accio.Printable(sent)}");
        }

        await server.ExpectServiceAsync();
        await server.ExpectResultsAsync(Hints.Compare, [.. wrong.Select(_ => "ERROR"), "77"]);
    }

    /// <summary>Sends so much of the header, and waits for the second command where a client does.</summary>
    private static async Task SendHeaderAsync(ServerRun server, AccioClient client, string bytes)
    {
        if (bytes.StartsWith(Accio.FirstConfirmation, StringComparison.Ordinal))
        {
            await client.SendFirstConfirmationAsync();
            await server.ExpectCommandAsync(client, "the second command, accio\\r\\n");
            bytes = bytes[Accio.FirstConfirmation.Length..];
        }

        if (bytes.Length > 0)
        {
            await client.SendAsync(bytes);
        }
    }
}
