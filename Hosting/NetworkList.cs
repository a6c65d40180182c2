using System.Net;
using System.Net.Sockets;

namespace AccioKestrel.Hosting;

/// <summary>The networks of a setting such as <c>10.0.0.0/8,2001:db8::/32</c>.</summary>
internal sealed class NetworkList
{
    /// <summary>The length of <c>::ffff:0.0.0.0/96</c>, in which a socket of both families shows IPv4 addresses.</summary>
    private const int MappedPrefix = 96;

    private readonly List<IPNetwork> _networks = [];

    private NetworkList()
    {
    }

    public bool IsEmpty => _networks.Count == 0;

    /// <returns>The networks of a comma-separated list, or null if the list is not valid.</returns>
    public static NetworkList? Parse(string list)
    {
        var parsed = new NetworkList();
        foreach (var text in list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (!IPNetwork.TryParse(text, out var network) || !IsWritten(text, network.BaseAddress))
            {
                return null;
            }

            parsed._networks.Add(network is { BaseAddress.IsIPv4MappedToIPv6: true, PrefixLength: >= MappedPrefix }
                ? new IPNetwork(network.BaseAddress.MapToIPv4(), network.PrefixLength - MappedPrefix)
                : network);
        }

        return parsed;
    }

    /// <summary>
    /// Whether the text begins with this address as it is usually written. The parser also accepts 1.2.3 as 1.2.0.3, 010.0.0.1 as
    /// 8.0.0.1, and 5 as 0.0.0.5, which are more likely to be mistakes.
    /// </summary>
    public static bool IsWritten(string text, IPAddress address) =>
        address.AddressFamily is not AddressFamily.InterNetwork || text.Split(':', '/')[0].Equals(address.ToString(), StringComparison.Ordinal);

    /// <summary>Whether the address of a peer is in one of the networks.</summary>
    public bool Contains(EndPoint? peer)
    {
        if (peer is not IPEndPoint { Address: var address })
        {
            return false;
        }

        // A socket of both families shows IPv4 clients with mapped addresses.
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return _networks.Exists(network => network.Contains(plain));
    }
}
