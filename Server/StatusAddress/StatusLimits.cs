using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace AccioKestrel.Server.StatusAddress;

/// <summary>
/// The limits of the status address. It answers all clients, so these constants leave the Accio port its descriptors, memory and
/// processor, whatever those clients do. The number of connections is <see cref="Status.StatusCapacity.Connections"/>.
/// </summary>
internal static class StatusLimits
{
    /// <summary>The listen backlog. Connections wait there when more than <see cref="ConnectionsPerSecond"/> come.</summary>
    public const int Backlog = 512;

    /// <summary>Accepting and refusing a connection takes about 50 µs: 1 % of a core.</summary>
    public const int ConnectionsPerSecond = 200;

    /// <summary>The most expensive response, the whole status, takes about 250 µs: 2.5 % of a core.</summary>
    public const int RequestsPerSecond = 100;

    /// <summary>The kernel's buffer of a connection in each direction. Linux doubles the value for its own bookkeeping.</summary>
    public const int SocketBufferSize = 16 * 1024;

    private const int HeaderSize = 16 * 1024;
    private const int BufferSize = 8 * 1024;

    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(5);

    /// <summary>Options of the stock transport. With one I/O queue, only one thread at a time moves bytes of this address.</summary>
    public static SocketConnectionFactoryOptions Transport { get; } = new()
    {
        IOQueueCount = 1,
        MaxReadBufferSize = HeaderSize,
        MaxWriteBufferSize = BufferSize,
    };

    /// <summary>Sets Kestrel's own limits. They apply to the whole server, in which only the status address serves HTTP.</summary>
    public static void Apply(KestrelServerLimits limits)
    {
        limits.KeepAliveTimeout = s_timeout;
        limits.RequestHeadersTimeout = s_timeout;
        limits.MaxRequestLineSize = 4 * 1024;
        limits.MaxRequestHeadersTotalSize = HeaderSize;
        limits.MaxRequestBufferSize = HeaderSize;
        limits.MaxRequestBodySize = 0;
        limits.MaxResponseBufferSize = BufferSize;
        // A client that reads more slowly than this for longer than the grace period loses its connection.
        limits.MinResponseDataRate = new MinDataRate(bytesPerSecond: 16 * 1024, gracePeriod: s_timeout);
    }
}
