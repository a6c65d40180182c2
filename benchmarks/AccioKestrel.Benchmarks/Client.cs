using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace AccioKestrel.Benchmarks;

/// <summary>Runs the load generator that a server understands: peers/client.c, or iperf3's own.</summary>
internal sealed class Client(string program)
{
    private static readonly TimeSpan s_timeout = TimeSpan.FromMinutes(10);
    private static readonly string[] s_zeroCopy = ["-Z"];
    private static readonly long s_largestSocketBuffer = long.Parse(
        File.ReadAllText("/proc/sys/net/ipv4/tcp_rmem").Split('\t')[^1], CultureInfo.InvariantCulture);

    public async Task<Measured> LoadAsync(Server server, Work work, CancellationToken stop)
    {
        var port = Text(server.Port);
        string[] taskset = work.OneCore ? Server.OneCore : [];
        return server.Peer.Load switch
        {
            Load.Accio => Read(await RunAsync([.. taskset, program, port, .. work.ClientArguments], stop)),
            Load.Raw => Read(await RunAsync([.. taskset, program, "-r", port, .. work.ClientArguments], stop)),
            _ => await RunIperfAsync(port, work, stop),
        };
    }

    public async Task<Measured> StartAsync(Peer peer, CancellationToken stop)
    {
        // An empty folder of its own: a .NET host watches the folder it starts in, with all below it.
        var folder = Directory.CreateTempSubdirectory("accio-benchmark-");
        try
        {
            var port = Server.NextPort();
            return Read(await RunAsync([program, Text(port), "first", .. peer.CommandFor(port)], stop, folder.FullName));
        }
        finally
        {
            folder.Delete();
        }
    }

    private static Measured Read(string answer) => JsonSerializer.Deserialize<Measured>(answer, JsonSerializerOptions.Web)!;

    private static async Task<Measured> RunIperfAsync(string port, Work work, CancellationToken stop)
    {
        string[] command = ["/usr/bin/iperf3", "-J", "-l", "1M", "-c", "127.0.0.1", "-p", port, "-n", Text(work.Size), .. work.Mode is "sendfile" ? s_zeroCopy : []];
        JsonNode answer;
        var attempts = 0;
        do
        {
            // Unlike ours, this client does not wait for a server that has just been started.
            answer = JsonNode.Parse(await RunAsync(command, stop))!;
        }
        while (answer["error"] is not null && ++attempts < 100);

        // iperf3 ends its test while the last bytes are on their way: less than was sent has been received, by a socket buffer at most.
        var received = answer["end"]!["sum_received"]!;
        var bytes = received["bytes"]!.GetValue<long>();
        return bytes >= work.Size - s_largestSocketBuffer
            ? new(received["seconds"]!.GetValue<double>() * work.Size / bytes)
            : throw new InvalidOperationException($"iperf3 received {bytes} bytes of {work.Size}.");
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static async Task<string> RunAsync(string[] command, CancellationToken stop, string folder = "")
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(stop);
        timeout.CancelAfter(s_timeout);
        using var process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, UseShellExecute = false, WorkingDirectory = folder })!;
        try
        {
            var answer = await process.StandardOutput.ReadToEndAsync(timeout.Token);
            await process.WaitForExitAsync(timeout.Token);
            return process.ExitCode == 0 ? answer : throw new InvalidOperationException($"{string.Join(' ', command)} failed. {answer}");
        }
        finally
        {
            process.Kill(entireProcessTree: true); // does nothing when it has ended
        }
    }
}
