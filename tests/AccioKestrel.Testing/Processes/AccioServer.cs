using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace AccioKestrel.Testing;

/// <summary>The real program as a listening process. Tests see only its output and its exit code.</summary>
internal sealed class AccioServer : IAsyncDisposable
{
    private static readonly string? s_given = Environment.GetEnvironmentVariable("ACCIO_BINARY") is { Length: > 0 } path ? Path.GetFullPath(path) : null;

    // Below 32768, where Linux begins to choose ports for clients (ip_local_port_range), and below the checker's own ports, which begin at 20000.
    private const int LowestPort = 10_000;
    private const int PortCount = 10_000;
    private const int PortsInABlock = 100;

    private static readonly Lock s_portLock = new();

    // Blocks of ports, held until the process ends: the last one is being given away.
    private static readonly Stack<Reservation> s_portBlocks = [];
    private static int s_portsLeft;

    private readonly ChildProcess _process;

    private AccioServer(ChildProcess process, int port)
    {
        _process = process;
        Port = port;
    }

    /// <summary>The program under test: the one built with the tests, unless ACCIO_BINARY names another, such as the native one.</summary>
    public static string Binary { get; } = s_given ?? PortableBranches.ProgramOf("AccioKestrel");

    public static bool IsBuiltWithTheTests => s_given is null;

    public int Port { get; }

    public int ProcessId => _process.ProgramId;

    /// <summary>How many sockets the process has. Other descriptors are not counted, because the runtime opens some at any time.</summary>
    public int OpenSockets => Directory.GetFileSystemEntries($"/proc/{ProcessId}/fd").Count(IsSocket);

    public TimeSpan ProcessorTime
    {
        get
        {
            using var process = Process.GetProcessById(ProcessId);
            return process.TotalProcessorTime;
        }
    }

    public CapturedStream Output => _process.Output;

    public CapturedStream Errors => _process.Errors;

    /// <summary>Starts the program on a free port and waits until it listens.</summary>
    /// <param name="options">Its options, separated by spaces.</param>
    /// <param name="shell">A bash script that starts it as <c>"$0" "$@"</c>, for what only a shell can set up.</param>
    /// <param name="environment">Variables of its environment.</param>
    public static async Task<AccioServer> StartAsync(string options = "", string? shell = null, params (string Name, string Value)[] environment)
    {
        var port = FreePort();
        string[] arguments = [Number(port), .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries)];
        var process = shell is null
            ? new ChildProcess(Binary, arguments, environment)
            : new ChildProcess("/bin/bash", ["-c", shell, Binary, .. arguments], environment);
        return await AttachAsync(process, port);
    }

    /// <summary>Waits until a process that was started in another way listens.</summary>
    public static async Task<AccioServer> AttachAsync(ChildProcess process, int port)
    {
        try
        {
            await process.Errors.WaitUntilAsync(text => SaysListening(text, port));
            return new AccioServer(process, port);
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until a process listens on a port of all addresses: for a server whose log the test cannot read.</summary>
    public static Task UntilListeningAsync(int port) => Patience.UntilEqual(true, () =>
        TcpTable.Read().Any(socket => IsListening(socket.Local, socket.State, port)));

    /// <summary>
    /// A free port that stays free: no port is given to two tests of this machine, and the kernel gives none of these ports to a client. A port
    /// chosen by the kernel could belong to a client of another test by the time the server binds it.
    /// </summary>
    public static int FreePort()
    {
        while (true)
        {
            var port = NextPort();
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Any, port));
                return port;
            }
            catch (SocketException exception) when (exception.SocketErrorCode is SocketError.AddressAlreadyInUse)
            {
                // The directory of another user's process.
            }
        }
    }

    public static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    public Task<AccioClient> ConnectAsync() => AccioClient.ConnectAsync(Port);

    /// <summary>A client that has received the first command: it is served, and all clients that connect later wait.</summary>
    public async Task<AccioClient> ConnectServedAsync()
    {
        var client = await ConnectAsync();
        await client.ExpectCommandAsync();
        return client;
    }

    /// <summary>A client of whose file 3 bytes have come, and not the end.</summary>
    public async Task<AccioClient> ConnectInTheFileAsync()
    {
        var client = await ConnectAsync();
        await client.ConfirmBothAsync();
        await client.SendAsync("abc");
        // So that the server is in the file too.
        await client.ExpectSilenceAsync(seconds: 0.1);
        return client;
    }

    /// <summary>One whole transfer by a conforming client.</summary>
    public async Task TransferAsync(int fileSize)
    {
        using var client = await ConnectAsync();
        await client.TransferAsync(fileSize);
    }

    /// <summary>Waits until so many clients wait in the kernel's accept queue: what <c>ss -ltn</c> shows as Recv-Q.</summary>
    public Task ExpectQueueAsync(int length) => Patience.UntilEqual(length, () =>
        TcpTable.Read().Where(socket => IsListening(socket.Local, socket.State, Port))
            .Select(socket => (int?)int.Parse(socket.Queues.Split(':')[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture))
            .SingleOrDefault());

    /// <summary>Waits for these lines, which must be all of standard output so far, byte for byte.</summary>
    public async Task ExpectLinesAsync(params IEnumerable<object> lines)
    {
        var expected = Lines(lines);
        Assert.Equal(expected, await Output.WaitUntilAsync(text => text.Length >= expected.Length));
    }

    /// <summary>Sends a signal and waits for the end, which must have exit code 0, with exactly these lines in the whole run.</summary>
    /// <returns>The time from the signal to the end.</returns>
    public async Task<TimeSpan> SignalAsync(Signal signal, params IEnumerable<object> lines)
    {
        var clock = Stopwatch.StartNew();
        signal.SendTo(ProcessId);
        return await ExpectEndAsync(clock, lines);
    }

    /// <summary>Stops the server by SIGTERM, and compares all lines of its run. For tests of anything but signals.</summary>
    public Task<TimeSpan> StopAsync(params IEnumerable<object> lines) => SignalAsync(Signal.Terminate, lines);

    /// <summary>
    /// Sends a signal, after which the server must go on for so many seconds, and then end as fast as one that has nothing to wait for:
    /// an idle server that is stopped at that moment is the measure.
    /// </summary>
    public Task ExpectStopAfterAsync(Signal signal, double seconds, params IEnumerable<object> lines) =>
        ExpectStopWithinAsync(signal, seconds, tolerance: 0.5, lines);

    /// <summary>The same, with a tolerance of so many seconds beside what a busy machine takes.</summary>
    public async Task ExpectStopWithinAsync(Signal signal, double seconds, double tolerance, params IEnumerable<object> lines)
    {
        await using var idle = await StartAsync();
        var control = StopIdleAsync();

        var time = await SignalAsync(signal, lines);

        var lateness = await control - TimeSpan.FromSeconds(seconds);
        Assert.InRange(time.TotalSeconds, seconds, seconds + tolerance + (3 * lateness.TotalSeconds));

        async Task<TimeSpan> StopIdleAsync()
        {
            var clock = Stopwatch.StartNew();
            await Task.Delay(TimeSpan.FromSeconds(seconds), TestContext.Current.CancellationToken);
            await idle.StopAsync();
            return clock.Elapsed;
        }
    }

    /// <summary>Waits for the end, which must have exit code 0, with exactly these lines in the whole run.</summary>
    public async Task<TimeSpan> ExpectEndAsync(Stopwatch clock, params IEnumerable<object> lines)
    {
        var code = await ExitAsync();
        var time = clock.Elapsed;
        Assert.True(code == 0, $"Exit code {code}:\n{Errors}");
        Assert.Equal(Lines(lines), Output.ToString());
        Assert.DoesNotContain("ERROR:", Errors.ToString(), StringComparison.Ordinal);
        return time;
    }

    public Task<int> ExitAsync() => _process.ExitAsync();

    /// <summary>Kills the process (SIGKILL), and waits until it is gone.</summary>
    public async Task KillAsync()
    {
        using (var process = Process.GetProcessById(ProcessId))
        {
            process.Kill();
        }

        await ExitAsync();
    }

    public Task InputLineAsync() => _process.InputLineAsync();

    /// <summary>Sets a soft limit of the running process, by its name in <c>prlimit</c>.</summary>
    public async Task SetLimitAsync(string name, int limit)
    {
        Needs.Installed("prlimit");
        await ChildProcess.RunShellAsync("prlimit --pid $0 --$1=$2:", Number(ProcessId), name, Number(limit));
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private static int NextPort()
    {
        lock (s_portLock)
        {
            if (s_portsLeft == 0)
            {
                s_portBlocks.Push(Reservation.Take("block of ports", PortCount / PortsInABlock));
                s_portsLeft = PortsInABlock;
            }

            return LowestPort + (s_portBlocks.Peek().Number * PortsInABlock) + --s_portsLeft;
        }
    }

    private static bool IsSocket(string descriptor)
    {
        try
        {
            return File.ResolveLinkTarget(descriptor, returnFinalTarget: false)?.Name.StartsWith("socket:", StringComparison.Ordinal) is true;
        }
        catch (IOException)
        {
            // Closed since it was listed.
            return false;
        }
    }

    private static bool IsListening(string local, string state, int port) =>
        state is TcpTable.Listening && local.Equals($"00000000:{port:X4}", StringComparison.Ordinal);

    private static bool SaysListening(string errors, int port) =>
        "\n\",".Any(end => errors.Contains($"Listening on 0.0.0.0:{port}{end}", StringComparison.Ordinal));

    private static string Lines(IEnumerable<object> lines) =>
        string.Concat(lines.Select(line => string.Create(CultureInfo.InvariantCulture, $"{line}\n")));
}
