using System.Globalization;

namespace AccioKestrel.Tests.EndToEnd;

/// <summary>A network of its own for clients, joined to this machine's by a cable that can be cut, and that can lose segments.</summary>
internal sealed class ClientNetwork : IAsyncDisposable
{
    // Of 198.18.77.0/24, which is set aside for measurements (RFC 2544) and is no machine's own: a network has four addresses.
    private const int Networks = 64;

    private const string Removal = "ip link delete $0; ip netns delete $0";

    private readonly Reservation _reservation = Reservation.Take("network", Networks);

    private ClientNetwork()
    {
    }

    public string ServerAddress => Address(1);

    private string ClientAddress => Address(2);

    private string Name => string.Create(CultureInfo.InvariantCulture, $"accio{_reservation.Number}");

    /// <summary>Makes it, or skips the test where that is not possible.</summary>
    public static async Task<ClientNetwork> CreateAsync()
    {
        Needs.Capability(Capability.AdministerNetworks);
        Needs.Capability(Capability.AdministerSystem);
        Needs.Installed("ip", "iptables");
        var network = new ClientNetwork();
        await network.RunOrSkipAsync($"""
            # What a run has left that was killed.
            ({Removal}) 2>/dev/null
            set -e
            ip netns add $0
            ip link add $0 type veth peer name cable netns $0
            ip address add {network.ServerAddress}/30 dev $0
            ip link set $0 up
            ip -n $0 address add {network.ClientAddress}/30 dev cable
            ip -n $0 link set cable up
            """);
        return network;
    }

    /// <summary>Starts a client in it.</summary>
    public ChildProcess Start(string program, params string[] arguments) => new("ip", ["netns", "exec", Name, program, .. arguments]);

    /// <summary>Neither side is told: what is underway is lost, and nothing more comes.</summary>
    public Task CutAsync() => RunAsync("ip link set $0 down");

    /// <summary>Loses one segment in so many, in each direction.</summary>
    public Task LoseOneInAsync(int segments) => RunOrSkipAsync($"""
        for chain in INPUT OUTPUT; do
            ip netns exec $0 iptables -A $chain -m statistic --mode random --probability {(1.0 / segments).ToString(CultureInfo.InvariantCulture)} -j DROP || exit
        done
        """);

    /// <summary>How many connections with a client in it the kernel holds for established.</summary>
    public int EstablishedOn(int port)
    {
        // The address as the kernel writes it: its four bytes in the order of this machine.
        var client = BitConverter.ToUInt32(System.Net.IPAddress.Parse(ClientAddress).GetAddressBytes()).ToString("X8", CultureInfo.InvariantCulture);
        return TcpTable.Read().Count(socket => socket.State is TcpTable.Established
            && socket.Remote.StartsWith(client, StringComparison.Ordinal) && socket.Local.EndsWith($":{port:X4}", StringComparison.Ordinal));
    }

    public async ValueTask DisposeAsync()
    {
        await RunAsync(Removal);
        _reservation.Dispose();
    }

    private string Address(int host) => string.Create(CultureInfo.InvariantCulture, $"198.18.77.{(4 * _reservation.Number) + host}");

    /// <summary>Of what capabilities do not tell: a container's filter of system calls, or a kernel without that module.</summary>
    private async Task RunOrSkipAsync(string script)
    {
        await using var shell = new ChildProcess("/bin/bash", ["-c", script, Name]);
        Assert.SkipUnless(await shell.ExitAsync() == 0, $"This machine does not permit such a network: {shell.Errors}");
    }

    private Task<string> RunAsync(string script) => ChildProcess.RunShellAsync(script, Name);
}
