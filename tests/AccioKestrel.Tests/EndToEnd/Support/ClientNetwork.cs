using System.Globalization;

namespace AccioKestrel.Tests.EndToEnd;

/// <summary>A network of its own for clients, joined to this machine's by a cable that can be cut, and that can lose segments.</summary>
internal sealed class ClientNetwork : IAsyncDisposable
{
    // Of the networks that are set aside for measurements (RFC 2544): nobody's own.
    private const string Server = "198.18.77.1";
    private const string Client = "198.18.77.2";

    private readonly string _name = string.Create(CultureInfo.InvariantCulture, $"accio{Environment.ProcessId}");

    private ClientNetwork()
    {
    }

    public static string ServerAddress => Server;

    /// <summary>Makes it, or skips the test where that is not possible.</summary>
    public static async Task<ClientNetwork> CreateAsync()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root can make a network.");
        Assert.SkipUnless(ChildProcess.Exists("ip") && ChildProcess.Exists("iptables"), "ip or iptables is not installed.");
        var network = new ClientNetwork();
        await network.RunAsync($"""
            set -e
            ip netns add $0
            ip link add $0 type veth peer name cable netns $0
            ip address add {Server}/30 dev $0
            ip link set $0 up
            ip -n $0 address add {Client}/30 dev cable
            ip -n $0 link set cable up
            """);
        return network;
    }

    /// <summary>Starts a client in it.</summary>
    public ChildProcess Start(string program, params string[] arguments) => new("ip", ["netns", "exec", _name, program, .. arguments]);

    /// <summary>Neither side is told: what is underway is lost, and nothing more comes.</summary>
    public Task CutAsync() => RunAsync("ip link set $0 down");

    /// <summary>Loses one segment in so many, in each direction.</summary>
    public Task LoseOneInAsync(int segments) => RunAsync($"""
        for chain in INPUT OUTPUT; do
            ip netns exec $0 iptables -A $chain -m statistic --mode random --probability {(1.0 / segments).ToString(CultureInfo.InvariantCulture)} -j DROP || exit
        done
        """);

    /// <summary>How many connections with a client in it the kernel holds for established.</summary>
    public static int EstablishedOn(int port)
    {
        // The address as the kernel writes it: its four bytes in the order of this machine.
        var client = BitConverter.ToUInt32(System.Net.IPAddress.Parse(Client).GetAddressBytes()).ToString("X8", CultureInfo.InvariantCulture);
        return TcpTable.Read().Count(socket => socket.State is TcpTable.Established
            && socket.Remote.StartsWith(client, StringComparison.Ordinal) && socket.Local.EndsWith($":{port:X4}", StringComparison.Ordinal));
    }

    public async ValueTask DisposeAsync() => await RunAsync("ip link delete $0; ip netns delete $0");

    private Task<string> RunAsync(string script) => ChildProcess.RunShellAsync(script, _name);
}
