using System.Diagnostics;
using System.Globalization;
using System.Net;

namespace AccioKestrel.Checker;

/// <summary>The server under check: one run of its command on a port of its own, or one that runs already.</summary>
internal sealed class ServerRun : IAsyncDisposable
{
    /// <summary>The limit of a wait for something that a right server does at once, on a busy machine too.</summary>
    public static readonly TimeSpan Soon = TimeSpan.FromSeconds(8);

    /// <summary>How long a result is waited for before the server is asked to end, so that it prints what it has not flushed.</summary>
    private static readonly TimeSpan s_unflushed = TimeSpan.FromSeconds(3);

    private const int Piece = 64 * 1024;

    private static readonly TimeSpan s_idle = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_start = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan s_stop = TimeSpan.FromSeconds(10);

    private readonly CheckContext _context;
    private readonly PortReservation? _reservation;
    private readonly ProgramRun? _program;

    public ServerRun(CheckContext context)
    {
        _context = context;
        if (context.Target.Running is { } running)
        {
            EndPoint = running;
            return;
        }

        _reservation = PortReservation.Take();
        EndPoint = new IPEndPoint(IPAddress.Loopback, _reservation.Port);
        _program = new ProgramRun(context.Target.Fill(("{port}", CheckContext.Number(_reservation.Port))), context.Target.Memory);
    }

    /// <summary>Starts the server once more on a port that an earlier run has had.</summary>
    private ServerRun(CheckContext context, IPEndPoint endPoint)
    {
        _context = context;
        EndPoint = endPoint;
        _program = new ProgramRun(context.Target.Fill(("{port}", CheckContext.Number(endPoint.Port))), context.Target.Memory);
    }

    public IPEndPoint EndPoint { get; }

    public ProgramRun Program => _program ?? throw FindingException.Unavailable("only the server's port is known, not its process");

    /// <summary>Whether its output can be seen.</summary>
    public bool HasOutput => _program is not null;

    /// <summary>The lines that are results: a number or ERROR. Other lines are the business of one check, and of no other.</summary>
    public string[] Results => [.. Program.Output.Lines.Where(IsResult)];

    public ServerRun Again() => _context.Own(new ServerRun(_context, EndPoint));

    public async Task WaitUntilListeningAsync()
    {
        if (_program is null)
        {
            return;
        }

        var begun = Stopwatch.GetTimestamp();
        var pause = new Pause();
        while (!TcpSockets.IsListening(EndPoint.Port))
        {
            if (_program.HasExited)
            {
                var code = await _program.ExitAsync(s_stop);
                throw FindingException.Fail(
                    $"the server to listen on port {EndPoint.Port}",
                    $"it ended with code {code}{LastWords()}",
                    _program.KilledBecause is null ? Hints.FromErrors(_program.Errors.Text) : Hints.Limit);
            }

            if (Stopwatch.GetElapsedTime(begun) > s_start)
            {
                throw FindingException.Fail(
                    $"the server to listen on port {EndPoint.Port}",
                    $"after {Size.Of(s_start)} it runs, but does not listen{LastWords()}",
                    "The port is the argument of the command; the server binds it and calls listen() before anything else.");
            }

            await Task.Delay(pause.Next());
        }
    }

    /// <summary>
    /// Waits until the server has nothing to do. Many a server sets its handlers of signals only after it listens, and is right all the same.
    /// </summary>
    public async Task WaitUntilIdleAsync()
    {
        var begun = Stopwatch.GetTimestamp();
        for (var (before, busy) = (Program.BusyTime, true); busy && Stopwatch.GetElapsedTime(begun) < s_idle;)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100));
            var now = Program.BusyTime;
            busy = now - before > TimeSpan.FromMilliseconds(5);
            before = now;
        }
    }

    public Task<AccioClient> ConnectAsync(TimeSpan? limit = null, string what = "a connection to be accepted", string? hint = null)
    {
        _context.Expect(what, hint);
        return new AccioClient { Limit = limit ?? Soon }.ConnectAsync(EndPoint);
    }

    /// <summary>Connects and receives the first command.</summary>
    public async Task<AccioClient> ConnectAndExpectCommandAsync(string who = "a client", TimeSpan? limit = null)
    {
        var client = await ConnectAsync(limit);
        try
        {
            await ExpectCommandAsync(client, $"{who}: the first command, accio\\r\\n");
            return client;
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    /// <summary>Receives one command, in however many pieces.</summary>
    public async Task ExpectCommandAsync(AccioClient client, string what)
    {
        _context.Expect(what);
        var received = "";
        while (received.Length < Accio.Command.Length && Accio.Command.StartsWith(received, StringComparison.Ordinal)
            && await client.ReceiveAsync(Accio.Command.Length - received.Length) is { Length: > 0 } piece)
        {
            received += piece;
        }

        PeerException.ThrowUnlessEqual(Accio.Command, received);
    }

    /// <summary>Steps 2 to 4, each confirmation in a segment of its own.</summary>
    public async Task ConfirmAsync(AccioClient client)
    {
        _context.Expect("the first confirmation to be taken");
        await client.SendFirstConfirmationAsync();
        await ExpectCommandAsync(client, "the second command, accio\\r\\n, after the first confirmation");
        _context.Expect("the second confirmation to be taken");
        await client.SendSecondConfirmationAsync();
        await WaitUntilReadAsync(client);
    }

    /// <summary>Waits until the server has read all that was sent, so that what is sent next arrives by itself.</summary>
    /// <param name="client">The client; null if something stands between it and the server.</param>
    public async Task WaitUntilReadAsync(AccioClient? client)
    {
        if (_program is null)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50));
            return;
        }

        var (last, since, pause) = (0L, Stopwatch.GetTimestamp(), new Pause());
        // As long as it reads: how fast it is says nothing.
        while (TcpSockets.UnreadBytes(EndPoint.Port, client?.LocalPort) is > 0 and var unread && Stopwatch.GetElapsedTime(since) < Soon)
        {
            (last, since) = (unread, unread == last ? since : Stopwatch.GetTimestamp());
            await Task.Delay(pause.Next());
        }
    }

    /// <summary>A whole exchange by a client that does everything as the protocol says.</summary>
    public async Task TransferAsync(ReadOnlyMemory<byte> file, string who = "a client")
    {
        using var client = await ConnectAndExpectCommandAsync(who);
        await ConfirmAsync(client);
        await SendFileAsync(client, file);
    }

    /// <summary>Steps 5 and 6, and the server's end of the connection.</summary>
    public async Task SendFileAsync(AccioClient client, ReadOnlyMemory<byte> file)
    {
        _context.Expect($"the server to take {Size.Of(file.Length)} of file");
        // The limit is one for each piece: a slow server takes a large file too.
        for (var rest = file; !rest.IsEmpty; rest = rest[Math.Min(Piece, rest.Length)..])
        {
            await client.SendAsync(rest[..Math.Min(Piece, rest.Length)]);
        }

        client.HalfClose();
        if (file.Length > Piece)
        {
            await WaitUntilReadAsync(client);
        }

        await ExpectCloseAsync(client, "the server to close the connection after the file's end");
    }

    public async Task ExpectCloseAsync(AccioClient client, string what)
    {
        _context.Expect(what);
        var rest = await client.WaitForCloseAsync();
        if (rest.Length > 0)
        {
            throw FindingException.Fail("no bytes but the two commands", $"more bytes from the server: {Accio.Printable(rest)}");
        }
    }

    /// <summary>Waits until the server has ended a connection, in whatever way.</summary>
    /// <returns>Whether it was reset.</returns>
    public async Task<bool> WaitForEndAsync(AccioClient client, string what)
    {
        _context.Expect(what);
        try
        {
            await client.WaitForCloseAsync();
            return false;
        }
        catch (System.Net.Sockets.SocketException)
        {
            return true;
        }
    }

    /// <summary>Waits for so many results. A server that has not flushed them prints them when it is asked to end.</summary>
    public async Task<string[]> ResultsAsync(int count)
    {
        _context.Expect(count == 1 ? "the result on standard output" : $"{count} results on standard output");
        await WaitForResultsAsync(count, s_unflushed);
        if (Results.Length < count && !Program.HasExited)
        {
            // As the graders of the course do it: what is printed until then counts.
            foreach (var signal in new[] { Libc.Interrupt, Libc.Terminate, Libc.Quit })
            {
                Program.Signal(signal);
                if (await Program.ExitAsync(TimeSpan.FromSeconds(3)) is not null)
                {
                    break;
                }
            }
        }

        return Results;
    }

    /// <summary>Waits for results for a limited time, and leaves the server alone.</summary>
    public Task WaitForResultsAsync(int count, TimeSpan limit) => WaitForResultsAsync(results => results.Length >= count, limit);

    /// <summary>Waits for results for a limited time, and leaves the server alone.</summary>
    public async Task WaitForResultsAsync(Predicate<string[]> wanted, TimeSpan limit)
    {
        var begun = Stopwatch.GetTimestamp();
        while (true)
        {
            var more = Program.Output.More;
            if (wanted(Results) || Program.Output.Ended.IsCompleted || Stopwatch.GetElapsedTime(begun) > limit)
            {
                return;
            }

            await Task.WhenAny(more, Program.Output.Ended, Task.Delay(50));
        }
    }

    /// <summary>Sees that the results are exactly these.</summary>
    public async Task ExpectResultsAsync(string? hint, params string[] expected)
    {
        if (!HasOutput)
        {
            return;
        }

        var results = await ResultsAsync(expected.Length);
        if (!results.SequenceEqual(expected, StringComparer.Ordinal))
        {
            var other = OtherText(results);
            var same = results.Zip(expected).TakeWhile(pair => string.Equals(pair.First, pair.Second, StringComparison.Ordinal)).Count();
            var first = expected.Length > 1 && same < results.Length ? string.Create(
                CultureInfo.InvariantCulture, $"; result {same + 1} is {Accio.Printable(results[same])}, {(same < expected.Length ? $"not {expected[same]}" : "which is one too many")}") : "";
            throw FindingException.Fail(
                $"on standard output: {Listed(expected)}",
                $"{other ?? Listed(results)}{first}{LastWords()}",
                Hints.FromErrors(Program.Errors.Text) ?? (other is not null ? Hints.NumberAlone : hint));
        }
    }

    /// <summary>Sees that the server still serves.</summary>
    public Task ExpectServiceAsync() => TransferAsync(Files.Text(77), "the next client");

    /// <summary>What it has last said on standard error, and whether it was killed.</summary>
    public string LastWords() => _program?.LastWords ?? "";

    /// <summary>What standard output has in place of a result; null if there is a result, or nothing.</summary>
    public string? OtherText(string[] results) => results.Length == 0 && HasOutput && Program.Output.Lines is [var line, ..]
        ? $"no line with a number or ERROR alone, but {Accio.Printable(line.Length > 60 ? line[..60] + "..." : line)}"
        : null;

    public static string Listed(IReadOnlyCollection<string> lines) => lines.Count switch
    {
        0 => "no result",
        > 12 => string.Create(CultureInfo.InvariantCulture, $"{string.Join(' ', lines.Take(12).Select(Accio.Printable))} and {lines.Count - 12} more"),
        _ => string.Join(' ', lines.Select(Accio.Printable)),
    };

    public async ValueTask DisposeAsync()
    {
        if (_program is not null)
        {
            await _program.DisposeAsync();
        }

        _reservation?.Dispose();
    }

    private static bool IsResult(string line)
    {
        var text = line.AsSpan().Trim();
        return text is "ERROR" || (text.TrimStart('-') is { IsEmpty: false } digits && !digits.ContainsAnyExceptInRange('0', '9'));
    }
}
