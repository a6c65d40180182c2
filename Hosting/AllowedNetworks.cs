using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AccioKestrel;

/// <summary>Closes connections from anywhere else than the allowed networks, before anything is said to them.</summary>
internal sealed class AllowedNetworks(IOptions<AccioOptions> options, AccioListeners listeners, ILogger<AccioConnectionHandler> logger)
{
    private readonly IReadOnlyList<IPNetwork> _networks = Parse(options.Value.Allow ?? "") ?? [];

    /// <returns>The networks of a list with commas between them, or null if it is not one.</returns>
    public static IReadOnlyList<IPNetwork>? Parse(string list)
    {
        var networks = new List<IPNetwork>();
        foreach (var text in list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (!IPNetwork.TryParse(text, out var network))
            {
                return null;
            }

            networks.Add(network);
        }

        return networks;
    }

    /// <summary>Connection middleware; nothing at all when everybody is allowed.</summary>
    public ConnectionDelegate Guard(ConnectionDelegate next) => _networks.Count == 0 ? next : connection =>
    {
        if (IsAllowed(connection.RemoteEndPoint))
        {
            return next(connection);
        }

        listeners.ClientRefused();
        AccioLog.ClientRefused(logger, connection.ConnectionId, connection.RemoteEndPoint);
        return Task.CompletedTask;
    };

    private bool IsAllowed(EndPoint? peer)
    {
        if (peer is not IPEndPoint { Address: var address })
        {
            return false;
        }

        // A client of an IPv4 network that has come to an address of both families.
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return _networks.Any(network => network.Contains(plain));
    }
}
