using System.Diagnostics;
using System.Globalization;

namespace AccioKestrel.Checker;

/// <content>The criteria, in the course's words.</content>
internal static partial class ServerChecks
{
    private const int SmallSize = 500;
    private const int LargeSize = 10_000_019;
    private static readonly TimeSpan s_silence = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_lateSilence = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan s_longestSilence = TimeSpan.FromSeconds(30);

    private static Check[] Course() =>
    [
        new("commits", 1, 5, "At least 3 new git commits", GitHistory.CheckAsync)
        {
            Explanation = "Counts the commits of the submission's repository, those behind --base REVISION if that is given. Without a folder, or in a shallow clone, it is unavailable.",
            Hint = "Commit each step of the work by itself: git add, git commit.",
        },
        new("bad-port", 2, 5, "Server handles incorrect port", context => BadPortAsync(context, "-1", "70000", "port"))
        {
            Explanation = "Starts the server with the ports -1, 70000 and 'port'. Each time it must end by itself, with a code other than 0, and standard error must begin with ERROR:.",
            Hint = Hints.Port,
        },
        new("sigint", 3, 5, "Server gracefully handles SIGINT signal", SigintAsync)
        {
            Needs = ["accept"],
            Explanation = "Sends SIGINT to a server that listens. It must end with code 0 within 8 s.",
            Hint = Hints.Signals,
        },
        new("accept", 4, 5, "Server accepts a connection", AcceptAsync)
        {
            Explanation = "Starts the server, waits until it listens on its port, and connects. The connection must stay open.",
            Hint = "Create a TCP socket, bind it to 0.0.0.0 and the port of the command line, call listen(), then accept() in a loop.",
            NeedsProcess = false,
        },
        new("command", 5, 5, "Server accepts a connection and sends `accio\\r\\n` command", CommandAsync)
        {
            Needs = ["accept"],
            Explanation = "The first bytes from the server must be the 7 bytes accio\\r\\n, before the client has sent anything.",
            Hint = Hints.Command,
            NeedsProcess = false,
        },
        new("receives", 6, 5, "Server starts receiving data", ReceivesAsync)
        {
            Needs = ["command"],
            Explanation = "Both confirmations, the second accio\\r\\n between them, 12 bytes of file, the end of the file. The server must close the connection.",
            Hint = "After confirm-accio\\r\\n the server sends accio\\r\\n once more; then it receives until recv() returns no bytes, and closes the connection.",
            NeedsProcess = false,
        },
        new("next-client", 7, 5, "Server accepts another connection after the first connection finished", NextClientAsync)
        {
            Needs = ["receives"],
            Explanation = "Two whole exchanges, one after the other, with the same server.",
            Hint = "accept() and all that belongs to one connection stand in a loop.",
            NeedsProcess = false,
        },
        new("ten-clients", 8, 5, "When server receives 10 connections simultaneously, it accepts and process them sequentially without rejecting", TenClientsAsync)
        {
            Needs = ["next-client"],
            Explanation = "Ten clients connect while the first holds the turn. All must be connected; none may receive anything before its turn; all must be served.",
            Hint = $"{Hints.Backlog} {Hints.OneAtATime}",
            NeedsProcess = false,
        },
        new("timeout", 9, 5, "Server aborts connection and prints ERROR when it does not receive data from client for more than 10 seconds.", TimeoutAsync)
        {
            Needs = ["command"],
            Explanation = "A client that says nothing. The server must end the connection, not before 10 s, and print ERROR.",
            Hint = Hints.Silence,
            Seconds = 11,
            NeedsProcess = false,
        },
        new("after-timeout", 10, 5, "Server accepts another connection after the first connection timed out", AfterTimeoutAsync)
        {
            Needs = ["timeout", "next-client"],
            Explanation = "A client that says nothing, and after its time-out a client that sends a file.",
            Hint = Hints.GoOn,
            Seconds = 11,
            NeedsProcess = false,
        },
        new("small", 11, 10, "Server successfully receives a small amount of data (~500 bytes) using the instructor's version of the client (without emulated delays and/or transmission errors)", context => ReceiveAsync(context, "small"))
        {
            Needs = ["receives"],
            Explanation = "A whole exchange with a file of 500 bytes. The server must take all of it, and end the connection with a FIN, not with a reset.",
            Hint = "Receive in a loop until recv() returns no bytes.",
            NeedsProcess = false,
        },
        new("small-value", 12, 10, "Server prints the correct value for the received data from the previous test", context => ValueAsync(context, "small"))
        {
            Needs = ["small"],
            Explanation = "The line 500 on standard output, and no other number. What a server prints only when it ends counts, as in the course.",
            Hint = Hints.CountHeader,
        },
        new("large", 13, 10, "Server successfully receives a large amount of data (~10 MiBytes) using the instructor's version of the client (without emulated delays and/or transmission errors)", context => ReceiveAsync(context, "large"))
        {
            Needs = ["small"],
            Explanation = "A whole exchange with a file of 10,000,019 bytes.",
            Hint = "Receive in a loop until recv() returns no bytes: a full buffer, or one that is not full, means nothing.",
            NeedsProcess = false,
        },
        new("large-value", 14, 10, "Server prints the correct value for the received data from the previous test", context => ValueAsync(context, "large"))
        {
            Needs = ["large"],
            Follows = ["small-value"],
            Explanation = "The line 10000019 on standard output, and no other number.",
            Hint = Hints.CountHeader,
        },
        new("emulated", 15, 5, "Server successfully receives a large amount of data (~10 MiBytes) using the instructor's version of the client (with emulated delays and/or transmission errors)", context => ReceiveAsync(context, "emulated"))
        {
            Needs = ["small"],
            Follows = ["large"],
            Explanation = "The same through a relay with delays, lost pieces and a pause of 4 s. What the relay does is measured first; if it cannot, the check is unavailable.",
            Hint = Hints.Pause,
            Seconds = 9,
            NeedsProcess = false,
        },
        new("emulated-value", 16, 5, "Server prints the correct value for the received data from the previous test", context => ValueAsync(context, "emulated"))
        {
            Needs = ["emulated"],
            Follows = ["small-value", "large-value"],
            Explanation = "The line 10000019 on standard output, and no other number.",
            Hint = Hints.CountHeader,
            Seconds = 9,
        },
    ];

    private static async Task BadPortAsync(CheckContext context, params string[] ports)
    {
        foreach (var port in ports)
        {
            await context.PartAsync($"port {port}", () => ExpectFailedStartAsync(context, context.Target.Fill(("{port}", port))));
        }

        context.Conclude();
    }

    private static async Task<string> ExpectFailedStartAsync(CheckContext context, string[] command)
    {
        const string expected = "an end with a code other than 0, and standard error that begins with ERROR:";
        context.Expect(expected);
        var program = context.Own(new ProgramRun(command, context.Target.Memory));
        var code = await program.ExitAsync(ServerRun.Soon);
        var said = program.Complaint;
        if (code is null)
        {
            throw FindingException.Fail(expected, $"it still runs after {Size.Of(ServerRun.Soon)}; {said}", hint: null);
        }

        if (code == 0 || !program.Errors.Text.StartsWith("ERROR:", StringComparison.Ordinal))
        {
            throw FindingException.Fail(expected, $"code {code}, {said}", hint: null);
        }

        return $"code {code}, {said}";
    }

    private static async Task SigintAsync(CheckContext context)
    {
        var server = await context.StartServerAsync();
        await server.WaitUntilIdleAsync();
        server.Program.Signal(Libc.Interrupt);
        await ExpectStopAsync(context, server, "SIGINT while it waits for a client");
    }

    private static async Task<string> ExpectStopAsync(CheckContext context, ServerRun server, string after)
    {
        context.Expect($"an end with code 0 within 8 s after {after}");
        var begun = Stopwatch.GetTimestamp();
        var code = await server.Program.ExitAsync(ServerRun.Soon);
        return code switch
        {
            0 => $"code 0 after {Size.Of(Stopwatch.GetElapsedTime(begun))}",
            null => throw FindingException.Fail(context.Progress, $"it still runs after {Size.Of(ServerRun.Soon)}{server.LastWords()}"),
            > 128 => throw FindingException.Fail(context.Progress, $"code {code}: signal {code - 128} has killed it{server.LastWords()}", Hints.Signals),
            _ => throw FindingException.Fail(context.Progress, $"code {code}{server.LastWords()}"),
        };
    }

    private static async Task AcceptAsync(CheckContext context)
    {
        var server = await context.StartServerAsync();
        using var client = await server.ConnectAsync();
        context.Expect("the connection to stay open");
        await Task.Delay(TimeSpan.FromSeconds(0.2));
        if (client.HasInput && await client.ReceiveAsync(1) is { Length: 0 })
        {
            var hasEnded = server.HasOutput && await server.Program.ExitAsync(TimeSpan.FromSeconds(1)) is not null;
            throw FindingException.Fail(
                "a connection that stays open", $"the server closed it at once{server.LastWords()}", hasEnded ? Hints.FromErrors(server.Program.Errors.Text) ?? Hints.WrongSocket : null);
        }
    }

    private static async Task CommandAsync(CheckContext context)
    {
        var server = await context.StartServerAsync();
        using var client = await server.ConnectAndExpectCommandAsync();
    }

    private static async Task ReceivesAsync(CheckContext context)
    {
        var server = await context.StartServerAsync();
        await server.TransferAsync(Files.Text(12));
    }

    private static async Task NextClientAsync(CheckContext context)
    {
        var server = await context.StartServerAsync();
        await server.TransferAsync(Files.Text(12), "the first client");
        await server.TransferAsync(Files.Text(13), "the second client");
    }

    private static async Task TenClientsAsync(CheckContext context)
    {
        const int count = 10;
        var server = await context.StartServerAsync();
        var clients = new List<AccioClient>();
        try
        {
            for (var number = 1; number <= count; number++)
            {
                clients.Add(await server.ConnectAsync(what: $"client {number} of {count} to be connected while the first is served", hint: Hints.Backlog));
            }

            var served = clients.ToList();
            while (served.Count > 0)
            {
                context.Expect($"one of {served.Count} clients to get its turn");
                var turn = await TurnAsync(context, served);
                await server.ConfirmAsync(turn);
                await ExpectWaitingAsync(served.Where(client => client != turn), served.Count == count ? 0.3 : 0);
                await server.SendFileAsync(turn, Files.Text(100));
                served.Remove(turn);
            }
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
        }
    }

    /// <summary>Waits until one of the clients has its turn, whichever it is, and takes the command that says so.</summary>
    private static async Task<AccioClient> TurnAsync(CheckContext context, List<AccioClient> clients)
    {
        var begun = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(begun) < ServerRun.Soon)
        {
            if (clients.Find(client => client.HasInput) is { } turn)
            {
                await turn.ExpectCommandAsync();
                return turn;
            }

            await Task.Delay(5);
        }

        throw FindingException.Fail(context.Progress, $"no client got accio\\r\\n within {Size.Of(ServerRun.Soon)}", Hints.GoOn);
    }

    private static async Task ExpectWaitingAsync(IEnumerable<AccioClient> clients, double seconds)
    {
        await Task.Delay(TimeSpan.FromSeconds(seconds));
        if (clients.Count(client => client.HasInput) is > 0 and var count)
        {
            throw FindingException.Fail(
                "nothing for clients that wait for their turn",
                $"{count} of them got accio\\r\\n, or were disconnected, while another client was served",
                Hints.OneAtATime);
        }
    }

    private static async Task TimeoutAsync(CheckContext context)
    {
        var server = await context.StartServerAsync();
        await ExpectTimeoutAsync(context, server, "a silent client", _ => Task.CompletedTask);
        await server.ExpectResultsAsync(Hints.Silence, "ERROR");
    }

    /// <summary>A client that falls silent after some steps: the server must end the connection, not before its time.</summary>
    private static async Task<TimeSpan> ExpectTimeoutAsync(CheckContext context, ServerRun server, string who, Func<AccioClient, Task> steps)
    {
        var begun = Stopwatch.GetTimestamp();
        using var client = await server.ConnectAndExpectCommandAsync(who, s_longestSilence);
        await steps(client);
        var silent = client.LastSent == 0 ? begun : client.LastSent;
        await server.WaitForEndAsync(client, "ten seconds of silence, after which the server ends the connection");
        // From before the server can have begun to count: on a busy machine this only makes the time longer.
        var elapsed = Stopwatch.GetElapsedTime(silent);
        if (elapsed < s_silence)
        {
            throw FindingException.Fail("the end of the connection after more than 10 s of silence", $"its end after {Size.Of(elapsed)}{server.LastWords()}", Hints.Silence);
        }

        if (elapsed > s_lateSilence)
        {
            context.NotStrict($"the connection was ended only after {Size.Of(elapsed)} of silence");
        }

        return elapsed;
    }

    private static async Task AfterTimeoutAsync(CheckContext context)
    {
        var server = await context.StartServerAsync();
        await ExpectTimeoutAsync(context, server, "a silent client", _ => Task.CompletedTask);
        await server.TransferAsync(Files.Text(12), "the client after the time-out");
    }

    private static async Task ReceiveAsync(CheckContext context, string name)
    {
        if (name is "emulated" && context.Target.Emulation.IsNamespace)
        {
            var report = await context.Target.NamespaceOnceAsync(() => NetworkNamespace.RunAsync(context));
            await NetworkNamespace.AdoptAsync(context, report, "emulated");
            return;
        }

        var transfer = await TransferAsync(context, name);
        if (transfer.Failure is { } failure)
        {
            throw new FindingException(Verdict.Fail, failure);
        }

        await context.PartAsync("the file was taken", () => Task.FromResult(transfer.Detail));
    }

    private static async Task ValueAsync(CheckContext context, string name)
    {
        if (name is "emulated" && context.Target.Emulation.IsNamespace)
        {
            var report = await context.Target.NamespaceOnceAsync(() => NetworkNamespace.RunAsync(context));
            await NetworkNamespace.AdoptAsync(context, report, "emulated-value");
            return;
        }

        var transfer = await TransferAsync(context, name);
        var (expected, seen) = (CheckContext.Number(transfer.Size), transfer.OtherText ?? ServerRun.Listed(transfer.Lines));
        if (transfer.Lines is not [var line] || !string.Equals(line, expected, StringComparison.Ordinal))
        {
            var withHeader = CheckContext.Number(transfer.Size + Accio.Header.Length);
            throw FindingException.Fail(
                $"{expected} on standard output",
                seen,
                transfer.Lines.Contains(withHeader, StringComparer.Ordinal) ? Hints.CountHeader
                : transfer.OtherText is not null ? Hints.NumberAlone
                : transfer.Lines.Length == 0 ? Hints.Flush
                : transfer.Lines.Length > 1 ? Hints.OneLine
                : long.TryParse(transfer.Lines[0], CultureInfo.InvariantCulture, out var number) ? HintOf(transfer.Size - number, name)
                : Hints.GoodFile);
        }

        // No more can have come behind the header in one recv() of a usual size.
        static string HintOf(long missing, string name) =>
            missing is > 0 and <= 64 * 1024 ? Hints.Leftover
            : missing > 0 && name is "emulated" ? Hints.Pause
            : Hints.Sum;
    }

    private static Task<TransferResult> TransferAsync(CheckContext context, string name) => context.Target.TransferOnceAsync(name, async () =>
    {
        var size = name is "small" ? SmallSize : LargeSize;
        var relayed = name is "emulated";
        var measured = "";
        if (relayed)
        {
            measured = await MeasureAsync(context);
        }

        var server = await context.StartServerAsync();
        await using var relay = relayed
            ? new Relay(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0), server.EndPoint, context.Target.Emulation, context.Seed)
            : null;
        var begun = Stopwatch.GetTimestamp();
        Finding? failure = null;
        try
        {
            using var client = await new AccioClient { Limit = s_longestSilence }.ConnectAsync(relay?.EndPoint ?? server.EndPoint);
            await server.ExpectCommandAsync(client, "the first command, accio\\r\\n");
            await server.ConfirmAsync(client);
            if (relayed)
            {
                // The second confirmation arrives by itself, as without the relay.
                await Task.Delay(context.Target.Emulation.Up.Latency + TimeSpan.FromSeconds(0.4));
                await server.WaitUntilReadAsync(client: null);
            }

            await server.SendFileAsync(client, Files.Text(size));
            // What the relay still held when the server closed the connection is lost without a sign to the client.
            if (relay is not null && !await relay.IsFirstComplete.WaitAsync(s_longestSilence))
            {
                throw FindingException.Fail("the server to take all of the file", $"it closed the connection before the file's end{server.LastWords()}");
            }
        }
        catch (Exception exception) when (context.IsExplained(exception))
        {
            failure = await context.ExplainAsync(exception);
        }

        var elapsed = Stopwatch.GetElapsedTime(begun);
        string[] lines = server.HasOutput && failure is null ? await server.ResultsAsync(1) : [];
        var detail = $"{Size.Of(size)} in {Size.Of(elapsed)}" + (relay is null ? "" : $"; {measured}; {relay.Summary}");
        return new TransferResult(size, failure, lines, server.OtherText(lines), detail);
    });

    /// <summary>What the relay does is measured before anything is scored by it.</summary>
    private static async Task<string> MeasureAsync(CheckContext context)
    {
        context.Expect("the emulated network to be measured");
        var emulation = context.Target.Emulation;
        try
        {
            if (emulation.IsInside && await LossMeasurement.LossAsync() is var loss)
            {
                return loss > 0
                    ? $"{emulation.Description["inside-".Length..]} in a network namespace, measured loss {loss * 100:0.0} %, round trip {(await RelayMeasurement.RoundTripAsync(emulation, context.Seed)).TotalMilliseconds:0} ms"
                    : throw FindingException.Unavailable("the network namespace loses no packets");
            }

            var roundTrip = await RelayMeasurement.RoundTripAsync(emulation, context.Seed);
            return roundTrip >= emulation.Up.Latency + emulation.Down.Latency
                ? $"emulated by the relay, measured round trip {roundTrip.TotalMilliseconds:0} ms"
                : throw FindingException.Unavailable($"the relay's measured round trip is {roundTrip.TotalMilliseconds:0} ms, less than it should be");
        }
        catch (Exception exception) when (exception is System.Net.Sockets.SocketException or TimeoutException)
        {
            throw FindingException.Unavailable($"no emulated network: {exception.Message}");
        }
    }
}
