using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace AccioKestrel.Tests.EndToEnd;

/// <summary>A real HAProxy with the deployed configuration: only its addresses are the test's.</summary>
internal sealed partial class HaProxy : IAsyncDisposable
{
    private const string Program = "haproxy";

    private readonly ChildProcess _process;
    private readonly DirectoryInfo _folder;
    private readonly Backend[] _servers;

    private HaProxy(ChildProcess process, DirectoryInfo folder, int port, Backend[] servers)
    {
        _process = process;
        _folder = folder;
        _servers = servers;
        Port = port;
    }

    public static string Configuration { get; } = Repository.PathOf("deploy/haproxy/haproxy.cfg");

    /// <summary>Debian has it where the path of an ordinary user does not lead.</summary>
    private static string? Path { get; } = ((string[])["/usr/sbin", .. Environment.GetEnvironmentVariable("PATH")!.Split(':')])
        .Select(folder => System.IO.Path.Combine(folder, Program))
        .FirstOrDefault(File.Exists);

    public int Port { get; }

    private string SocketPath => System.IO.Path.Combine(_folder.FullName, "socket");

    public static void SkipUnlessInstalled() => Assert.SkipWhen(Path is null, "haproxy is not installed (Debian package: haproxy).");

    /// <summary>Runs it to its end with these arguments, which must be a good one.</summary>
    public static Task<string> RunAsync(params string[] arguments) => ChildProcess.RunShellAsync("exec \"$0\" \"$@\"", [Path!, .. arguments]);

    /// <summary>Starts a server that takes PROXY headers from the balancer.</summary>
    public static Task<Backend> StartServerAsync(string options = "") => Backend.StartAsync($"--proxy-protocol 127.0.0.1/32 {options}");

    /// <summary>Starts it in front of up to four servers, and waits until it has found all of them well.</summary>
    public static Task<HaProxy> StartAsync(params Backend[] servers) => StartAsync([], servers);

    /// <param name="changes">What is different from the deployed configuration.</param>
    /// <param name="servers">The servers.</param>
    public static async Task<HaProxy> StartAsync((string Original, string Replacement)[] changes, params Backend[] servers)
    {
        var folder = Directory.CreateTempSubdirectory("accio");
        var (port, statusPort) = (AccioServer.FreePort(), AccioServer.FreePort());
        var file = System.IO.Path.Combine(folder.FullName, "haproxy.cfg");
        await File.WriteAllTextAsync(file, Configure(port, statusPort, System.IO.Path.Combine(folder.FullName, "socket"), servers, changes));
        var proxy = new HaProxy(new ChildProcess(Path!, ["-db", "-f", file]), folder, port, servers);
        if (!await proxy.IsStartedAsync())
        {
            await proxy.DisposeAsync();
            Assert.Fail(proxy._process.Errors.ToString());
        }

        return proxy;
    }

    public Task<AccioClient> ConnectAsync() => AccioClient.ConnectAsync(Port);

    /// <summary>Takes a server out for all but the client that it serves.</summary>
    public async Task DrainAsync(Backend server) => Assert.Equal("\n", await CommandAsync($"set server servers/{NameOf(server)} state drain"));

    /// <summary>How many clients wait in the queue of all servers, not in that of a certain one.</summary>
    public Task ExpectQueueAsync(int length) => UntilAsync(rows => rows.Single(row => row.Name is "BACKEND").Queue == length);

    /// <summary>Waits for what it thinks of a server: UP, DOWN, DRAIN.</summary>
    public Task ExpectStateAsync(Backend server, string state) =>
        UntilAsync(rows => rows.Contains(rows.Single(row => row.Name.Equals(NameOf(server), StringComparison.Ordinal)) with { State = state }));

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private string NameOf(Backend server) => Name(Array.IndexOf(_servers, server));

    private static string Name(int server) => $"accio{server + 1}";

    private static string Configure(int port, int statusPort, string socket, Backend[] servers, (string Original, string Replacement)[] changes)
    {
        var text = File.ReadAllText(Configuration);
        Replace("bind :5000", $"bind 127.0.0.1:{port}");
        Replace("bind 127.0.0.1:8404", $"bind 127.0.0.1:{statusPort}");
        Replace("/run/haproxy/accio.sock", socket);
        for (var i = 0; i < 4; i++)
        {
            Replace($"server {Name(i)} 192.0.2.1{i + 1}:5000", i < servers.Length
                ? $"server {Name(i)} 127.0.0.1:{servers[i].Server.Port} port {servers[i].Status.Port}"
                : $"# no {Name(i)}");
        }

        foreach (var (original, replacement) in changes)
        {
            Replace(original, replacement);
        }

        // Only root can become another user, and not in every container.
        return Environment.IsPrivilegedProcess && Needs.Has(Capability.ChangeRootDirectory) ? text : ChangeOfUser().Replace(text, "");

        void Replace(string original, string replacement)
        {
            Assert.Equal(2, text.Split(original).Length);
            text = text.Replace(original, replacement, StringComparison.Ordinal);
        }
    }

    private async Task<bool> IsStartedAsync()
    {
        for (var end = DateTime.UtcNow + Patience.Limit; DateTime.UtcNow < end && !_process.Errors.Ended.IsCompleted;)
        {
            try
            {
                // Before its first check a server counts as well: that does not tell anything.
                var rows = await StatusAsync();
                if (rows.Count(row => row is { State: "UP", Check: "L7OK" or "L4OK" }) == _servers.Length)
                {
                    return true;
                }
            }
            catch (SocketException)
            {
                // Not yet.
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), TestContext.Current.CancellationToken);
        }

        return false;
    }

    private async Task UntilAsync(Predicate<List<Row>> wanted)
    {
        List<Row> rows;
        var end = DateTime.UtcNow + Patience.Limit;
        while (!wanted(rows = await StatusAsync()))
        {
            Assert.True(DateTime.UtcNow < end, $"HAProxy stayed at {string.Join("; ", rows)}");
            await Task.Delay(TimeSpan.FromMilliseconds(20), TestContext.Current.CancellationToken);
        }
    }

    /// <summary>The servers and their sum, with what the runtime API says of each.</summary>
    private async Task<List<Row>> StatusAsync()
    {
        var lines = (await CommandAsync("show stat")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var header = lines[0].TrimStart('#', ' ').Split(',');
        return
        [
            .. lines[1..].Select(line => line.Split(','))
                .Where(fields => fields[0] is "servers")
                .Select(fields => new Row(Field(fields, "svname"), Field(fields, "status"), Field(fields, "check_status"), int.Parse(Field(fields, "qcur"), CultureInfo.InvariantCulture))),
        ];

        string Field(string[] fields, string name) => fields[Array.IndexOf(header, name)];
    }

    private async Task<string> CommandAsync(string command)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(SocketPath)).OrGiveUp();
        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync(Encoding.ASCII.GetBytes(command + "\n")).OrGiveUp();
        using var reader = new StreamReader(stream, Encoding.ASCII);
        return await reader.ReadToEndAsync().OrGiveUp();
    }

    [GeneratedRegex("^ *(user|group|chroot) .*$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ChangeOfUser();

    private sealed record Row(string Name, string State, string Check, int Queue);
}
