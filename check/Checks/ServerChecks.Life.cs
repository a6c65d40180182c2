using System.Net;

namespace AccioKestrel.Checker;

/// <content>Start, output and end of the server.</content>
internal static partial class ServerChecks
{
    private static readonly (string Name, int Number)[] s_signals = [("SIGINT", Libc.Interrupt), ("SIGTERM", Libc.Terminate), ("SIGQUIT", Libc.Quit)];

    private static Check[] Life() =>
    [
        new("port-missing", null, 0, "A missing port ends the program with a non-zero code, and standard error begins with ERROR:", PortMissingAsync)
        {
            Follows = ["bad-port"],
            Explanation = "Starts the server without the port.",
            Hint = Hints.Port,
        },
        new("port-in-use", null, 0, "A port that cannot be bound ends the program with a non-zero code, and standard error begins with ERROR:", PortInUseAsync)
        {
            Needs = ["accept"],
            Explanation = "Starts the server on a port that another program listens on.",
            Hint = "bind() fails: catch the error, write a line that begins with ERROR: to standard error, and end with a code other than 0.",
        },
        new("all-addresses", null, 0, "Listens on 0.0.0.0", AllAddressesAsync)
        {
            Needs = ["command"],
            Explanation = "Connects to 127.0.0.2, which a server has that listens on all addresses.",
            Hint = Hints.AllInterfaces,
        },
        new("only-results", null, 0, "One line a connection on standard output, and nothing else ever", OnlyResultsAsync)
        {
            Needs = s_basics,
            Explanation = "All that is on standard output after a number and an ERROR must be these two lines.",
            Hint = Hints.PrintOnlyResults,
        },
        new("prompt-output", null, 0, "The number is printed just after the connection has ended", PromptOutputAsync)
        {
            Needs = s_basics,
            Explanation = "The result must come out of a pipe while the server goes on, not only when it ends.",
            Hint = Hints.Flush,
        },
        new("patience", null, 0, "Waits for a client without a limit", PatienceAsync)
        {
            Needs = s_basics,
            Explanation = "The first client comes 11 s after the server has begun to listen, and is served.",
            Hint = "A time-out of accept() is no error: no client has come. Catch it, and call accept() again.",
            Seconds = 11,
        },
        new("restart", null, 0, "Can be started again on its port at once", RestartAsync)
        {
            Needs = s_basics,
            Explanation = "Stops the server while a client is connected, and starts it again on the same port.",
            Hint = Hints.ReuseAddress,
            Seconds = 2,
        },
        new("signals", null, 0, "SIGINT, SIGTERM and SIGQUIT end it with code 0", context => SignalsAsync(context, Idle))
        {
            Needs = ["command"],
            Follows = ["sigint"],
            Explanation = "Each signal to a server that waits for a client.",
            Hint = Hints.Signals,
        },
        new("signals-busy", null, 0, "SIGINT, SIGTERM and SIGQUIT end it with code 0, whatever it does", context => SignalsAsync(context, InHandshake, InFile))
        {
            Needs = s_basics,
            Follows = ["sigint", "signals"],
            Explanation = "Each signal to a server whose client is silent before its confirmation, and in the middle of its file. It has 8 s to end.",
            Hint = "A recv() that has no time-out of its own goes on after a signal: receive with a short time-out, and look at the flag each time.",
            Seconds = 6,
        },
        new("signal-burst", null, 0, "Three signals in one burst end it with code 0", SignalBurstAsync)
        {
            Needs = ["command"],
            Follows = ["sigint", "signals"],
            Explanation = "SIGINT, SIGTERM and SIGQUIT at once, as graders send them.",
            Hint = "The handlers must bear a second signal while the first is dealt with: let them set a flag, and nothing else.",
        },
    ];

    private static (string Name, Func<ServerRun, Task<AccioClient?>> Enter) Idle => ("idle", _ => Task.FromResult<AccioClient?>(null));

    private static (string Name, Func<ServerRun, Task<AccioClient?>> Enter) InHandshake =>
        ("before the confirmation", async server => await server.ConnectAndExpectCommandAsync());

    private static (string Name, Func<ServerRun, Task<AccioClient?>> Enter) InFile => ("in the file", EnterFileAsync);

    private static async Task<AccioClient?> EnterFileAsync(ServerRun server)
    {
        var client = await server.ConnectAndExpectCommandAsync();
        await server.ConfirmAsync(client);
        await client.SendAsync(Files.Text(1000));
        await server.WaitUntilReadAsync(client);
        return client;
    }

    private static async Task PortMissingAsync(CheckContext context)
    {
        string[] command = [.. context.Target.Command.Where(argument => argument is not "{port}")];
        if (command.Length == context.Target.Command.Count)
        {
            throw FindingException.Unavailable("the port is no argument of its own in the command");
        }

        await context.PartAsync("no port", () => ExpectFailedStartAsync(context, command));
        context.Conclude();
    }

    private static async Task PortInUseAsync(CheckContext context)
    {
        using var other = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.InterNetwork, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
        using var port = PortReservation.Take();
        other.Bind(new IPEndPoint(IPAddress.Any, port.Port));
        other.Listen();
        await context.PartAsync("port in use", () => ExpectFailedStartAsync(context, context.Target.Fill(("{port}", CheckContext.Number(port.Port)))));
        context.Conclude();
    }

    private static async Task AllAddressesAsync(CheckContext context)
    {
        var server = await context.StartServerAsync();
        context.Expect("a connection to 127.0.0.2 to be accepted");
        using var client = await new AccioClient { Limit = ServerRun.Soon }.ConnectAsync(new IPEndPoint(IPAddress.Parse("127.0.0.2"), server.EndPoint.Port));
        await server.ExpectCommandAsync(client, "the first command at 127.0.0.2");
    }

    private static async Task OnlyResultsAsync(CheckContext context)
    {
        var server = await context.StartServerAsync();
        await server.TransferAsync(Files.Text(50));
        using (var client = await server.ConnectAndExpectCommandAsync())
        {
            client.HalfClose();
            await server.WaitForEndAsync(client, "the server to end the connection of a client that has ended");
        }

        await server.TransferAsync(Files.Text(51));
        var results = await server.ResultsAsync(3);
        string[] other = [.. server.Program.Output.Lines.Where(line => !results.Contains(line, StringComparer.Ordinal))];
        if (other.Length > 0)
        {
            throw FindingException.Fail("nothing but results on standard output", $"also: {ServerRun.Listed(other)}");
        }
    }

    private static async Task PromptOutputAsync(CheckContext context)
    {
        var server = await context.StartServerAsync();
        await server.TransferAsync(Files.Text(60));
        context.Expect("the result, while the server goes on");
        await server.WaitForResultsAsync(1, ServerRun.Soon);
        if (server.Results is not ["60"])
        {
            throw FindingException.Fail("60 on standard output, while the server goes on", $"{ServerRun.Listed(server.Results)} after {Size.Of(ServerRun.Soon)}");
        }
    }

    private static async Task PatienceAsync(CheckContext context)
    {
        var server = await context.StartServerAsync();
        context.Expect("11 s without a client, which the server must bear");
        await Task.Delay(s_silence + TimeSpan.FromSeconds(1));
        await server.TransferAsync(Files.Text(61), "a client after 11 s");
        await server.ExpectResultsAsync(hint: null, "61");
    }

    private static async Task RestartAsync(CheckContext context)
    {
        var server = await context.StartServerAsync();
        using (var client = await server.ConnectAndExpectCommandAsync())
        {
            // The server's side is closed first, so that the kernel keeps the connection for a minute.
            server.Program.Kill("it was to be started again");
            await server.Program.ExitAsync(ServerRun.Soon);
            await server.WaitForEndAsync(client, "the end of the connection with the server");
        }

        var again = server.Again();
        context.Expect("the server to listen again on its port");
        await again.WaitUntilListeningAsync();
        await again.TransferAsync(Files.Text(9));
    }

    private static async Task SignalsAsync(CheckContext context, params (string Name, Func<ServerRun, Task<AccioClient?>> Enter)[] states)
    {
        await Task.WhenAll(states.SelectMany(state => s_signals.Select(signal => context.PartAsync($"{signal.Name}, {state.Name}", async () =>
        {
            var server = await context.StartServerAsync();
            using var client = await state.Enter(server);
            await server.WaitUntilIdleAsync();
            server.Program.Signal(signal.Number);
            return await ExpectStopAsync(context, server, $"{signal.Name}, {state.Name}");
        }))));
        context.Conclude();
    }

    private static async Task SignalBurstAsync(CheckContext context)
    {
        var server = await context.StartServerAsync();
        await server.WaitUntilIdleAsync();
        foreach (var (_, number) in s_signals)
        {
            server.Program.Signal(number);
        }

        await ExpectStopAsync(context, server, "SIGINT, SIGTERM and SIGQUIT in one burst");
    }
}
