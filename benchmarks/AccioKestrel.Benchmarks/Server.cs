using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace AccioKestrel.Benchmarks;

/// <summary>A running server, whose every printed line is checked.</summary>
internal sealed class Server : IAsyncDisposable
{
    private static readonly TimeSpan s_printTimeout = TimeSpan.FromSeconds(5);

    // Below the ports that the kernel gives to clients. Each server has a new one, so that no client's TIME_WAIT stands in the way of the next.
    private static int s_lastPort = Random.Shared.Next(10_000, 25_000);

    private readonly Process _process;
    private readonly string _directory = Directory.CreateTempSubdirectory("accio-benchmark-").FullName;
    private readonly List<string> _expected = [];

    public Server(Peer peer, bool oneCore)
    {
        Peer = peer;
        Port = NextPort();

        // Files and not pipes: a driver that wakes up for every line would compete with what it measures.
        // exec, so that the process we know is the server itself.
        var start = new ProcessStartInfo("/bin/sh") { WorkingDirectory = _directory };
        string[] arguments = ["-c", "exec \"$@\" > out 2> err", "sh", .. oneCore ? OneCore : [], .. peer.CommandFor(Port)];
        Array.ForEach(arguments, start.ArgumentList.Add);
        _process = Process.Start(start)!;
    }

    /// <summary>The prefix of a command that is to stay on the first core.</summary>
    public static string[] OneCore { get; } = ["/usr/bin/taskset", "-c", "0"];

    public Peer Peer { get; }

    public int Port { get; }

    public double CpuSeconds => ProcessFiles.CpuSeconds(_process.Id);

    public double RestMiB => ProcessFiles.MemoryMiB(_process.Id, "VmRSS");

    public double PeakMiB => ProcessFiles.MemoryMiB(_process.Id, "VmHWM");

    public static int NextPort()
    {
        while (true)
        {
            try
            {
                using var probe = new TcpListener(IPAddress.Any, ++s_lastPort);
                probe.Start();
                return s_lastPort;
            }
            catch (SocketException)
            {
                // taken: the next one
            }
        }
    }

    /// <summary>Throws unless the server has printed exactly these sizes since the last call.</summary>
    public async Task VerifyAsync(Work work, CancellationToken stop)
    {
        if (Peer.Load is Load.Iperf)
        {
            return; // prints prose; its client compares the byte counts of both sides
        }

        _expected.AddRange(Enumerable.Repeat(work.Size.ToString(CultureInfo.InvariantCulture), work.Count));
        var waited = Stopwatch.StartNew();
        string[] printed;
        do
        {
            await Task.Delay(20, stop);
            printed = await File.ReadAllLinesAsync(Path.Combine(_directory, "out"), stop);
        }
        while (printed.Length < _expected.Count && waited.Elapsed < s_printTimeout);

        if (!printed.SequenceEqual(_expected, StringComparer.Ordinal))
        {
            throw new InvalidOperationException(
                $"{Peer.Name} printed {string.Join(' ', printed.TakeLast(5))} ({printed.Length} lines), expected {_expected[^1]} ({_expected.Count} lines). "
                + $"Its errors: {await ReadErrorsAsync(stop)}");
        }
    }

    public Task<string> ReadErrorsAsync(CancellationToken stop) => File.ReadAllTextAsync(Path.Combine(_directory, "err"), stop);

    public async ValueTask DisposeAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        Directory.Delete(_directory, recursive: true);
    }
}
