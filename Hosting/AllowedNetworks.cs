using AccioKestrel.Diagnostics;
using AccioKestrel.Exchange;
using AccioKestrel.Transport;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AccioKestrel.Hosting;

/// <summary>Closes connections from addresses outside the allowed networks, before anything is sent to them.</summary>
internal sealed class AllowedNetworks(IOptions<AccioOptions> options, ConnectionCounters counters, ILoggerFactory loggers)
{
    private readonly UnfailingLogger _logger = new(loggers.CreateLogger(LogCategory.Exchange));
    private readonly NetworkList? _allowed = options.Value.Allow is { } list ? NetworkList.Parse(list) : null;

    /// <summary>Connection middleware. Adds nothing to the pipeline when all clients are allowed.</summary>
    public ConnectionDelegate Guard(ConnectionDelegate next) => _allowed is null ? next : connection =>
    {
        if (_allowed.Contains(connection.RemoteEndPoint))
        {
            return next(connection);
        }

        if (connection.Features.Get<BalancerConnection>() is null)
        {
            // Not for a load balancer's own connections: its health checks come every few seconds.
            counters.ClientRefused();
        }

        AccioLog.ClientRefused(_logger, connection.ConnectionId, connection.RemoteEndPoint);
        return Task.CompletedTask;
    };
}
