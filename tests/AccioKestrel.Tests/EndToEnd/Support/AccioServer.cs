using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace AccioKestrel.Tests.EndToEnd;

/// <summary>The real program as a process, listening. What it prints and how it ends is all that the tests know of it.</summary>
internal sealed class AccioServer : IAsyncDisposable
{
    private static readonly string? s_given = Environment.GetEnvironmentVariable("ACCIO_BINARY") is { Length: > 0 } path ? Path.GetFullPath(path) : null;

    // Below 32768, where Linux begins to choose ports for clients (ip_local_port_range).
    private const int LowestPort = 20_000;
    private const int PortCount = 10_000;

    // Test runs side by side begin in different places.
    private static int s_ports = Environment.ProcessId * 97;

    private readonly ChildProcess _process;

    private AccioServer(ChildProcess process, int port)
    {
        _process = process;
        Port = port;
    }

    /// <summary>The program under test: the one built with the tests, unless ACCIO_BINARY names another, such as the native one.</summary>
    public static string Binary { get; } = s_given ?? Path.Combine(AppContext.BaseDirectory, "AccioKestrel");

    public static bool IsBuiltWithTheTests => s_given is null;

    public int Port { get; }

    public int ProcessId => _process.ProgramId;

    public int OpenDescriptors => Directory.GetFileSystemEntries($"/proc/{ProcessId}/fd").Length;

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

    /// <summary>Waits until somebody listens on a port of all addresses, for a server that does not say so where it can be read.</summary>
    public static Task UntilListeningAsync(int port) => Patience.UntilEqual(true, () =>
        TcpTable.Read().Any(socket => IsListening(socket.Local, socket.State, port)));

    /// <summary>
    /// A port that was free just now, and stays it: none is given twice, and the kernel gives none of them to a client. One that the
    /// kernel had chosen could be a client's of another test by the time a server wants it.
    /// </summary>
    public static int FreePort()
    {
        while (true)
        {
            var port = LowestPort + (int)((uint)Interlocked.Increment(ref s_ports) % PortCount);
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Any, port));
                return port;
            }
            catch (SocketException exception) when (exception.SocketErrorCode is SocketError.AddressAlreadyInUse)
            {
                // Somebody else's.
            }
        }
    }

    public static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    public Task<AccioClient> ConnectAsync() => AccioClient.ConnectAsync(Port);

    /// <summary>A client that has got its command: it is served, and all that connect from now on wait.</summary>
    public async Task<AccioClient> ConnectServedAsync()
    {
        var client = await ConnectAsync();
        await client.ExpectCommandAsync();
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

    /// <summary>Sends a signal and waits for the end, which must be in good order, with exactly these lines in the whole run.</summary>
    /// <returns>The time from the signal to the end.</returns>
    public async Task<TimeSpan> SignalAsync(Signal signal, params IEnumerable<object> lines)
    {
        var clock = Stopwatch.StartNew();
        signal.SendTo(ProcessId);
        return await ExpectEndAsync(clock, lines);
    }

    /// <summary>The same by SIGTERM, for tests of something else: what the server has printed in all is their result.</summary>
    public Task<TimeSpan> StopAsync(params IEnumerable<object> lines) => SignalAsync(Signal.Terminate, lines);

    /// <summary>Waits for the end, which must be in good order, with exactly these lines in the whole run.</summary>
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

    /// <summary>Kills the process, which gets no chance to end anything, and waits until it is gone.</summary>
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
        Assert.SkipUnless(ChildProcess.Exists("prlimit"), "prlimit is not installed.");
        await ChildProcess.RunShellAsync("prlimit --pid $0 --$1=$2:", Number(ProcessId), name, Number(limit));
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private static bool IsListening(string local, string state, int port) =>
        state is TcpTable.Listening && local.Equals($"00000000:{port:X4}", StringComparison.Ordinal);

    private static bool SaysListening(string errors, int port) =>
        "\n\",".Any(end => errors.Contains($"Listening on 0.0.0.0:{port}{end}", StringComparison.Ordinal));

    private static string Lines(IEnumerable<object> lines) =>
        string.Concat(lines.Select(line => string.Create(CultureInfo.InvariantCulture, $"{line}\n")));
}
