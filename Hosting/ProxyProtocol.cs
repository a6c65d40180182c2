using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using AccioKestrel.Diagnostics;
using AccioKestrel.Exchange;
using AccioKestrel.Transport;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AccioKestrel.Hosting;

/// <summary>
/// Takes the PROXY header off the connections of load balancers. What follows in the pipeline sees the client's address, and the
/// transport's own pipe at the first byte behind the header.
/// </summary>
/// <remarks>
/// The transport accepts no other client while a balancer's connection waits here, so this wait has a short limit of its own.
/// </remarks>
internal sealed class ProxyProtocol(IOptions<AccioOptions> options, ConnectionCounters counters, TimeProvider time, ILoggerFactory loggers)
{
    /// <summary>
    /// How long the whole header may take. A balancer sends it as soon as it is connected, so usually it has arrived before the accept.
    /// The specification asks for at least 3 s, to cover a retransmission.
    /// </summary>
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(3);

    private static readonly string s_late = string.Create(CultureInfo.InvariantCulture, $"no complete PROXY header within {s_timeout.TotalSeconds} s");

    private readonly UnfailingLogger _logger = new(loggers.CreateLogger(LogCategory.Exchange));
    private readonly NetworkList? _balancers = options.Value.ProxyProtocol is { } list ? NetworkList.Parse(list) : null;

    /// <summary>Connection middleware. Adds nothing to the pipeline when no balancers are named.</summary>
    public ConnectionDelegate TakeHeader(ConnectionDelegate next) => _balancers is null ? next : connection =>
        _balancers.Contains(connection.RemoteEndPoint) ? ServeAsync(connection, next) : next(connection);

    private async Task ServeAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var (header, refusal) = await ReceiveAsync(connection);
        if (refusal is not null)
        {
            counters.ProxyHeaderRefused();
            AccioLog.ProxyHeaderRefused(_logger, connection.ConnectionId, connection.RemoteEndPoint, refusal);
            // Not closed: to a client behind the balancer, an orderly close could look like success.
            connection.Abort(new ConnectionAbortedException($"Refused: {refusal}."));
        }
        else if (header is { Client: var client })
        {
            if (client is null || IsSame(client, connection.RemoteEndPoint))
            {
                connection.Features.Set(BalancerConnection.Instance);
            }
            else
            {
                connection.RemoteEndPoint = client;
            }

            await next(connection);
        }
    }

    /// <summary>Receives the header, and nothing behind it, within the limit of time.</summary>
    /// <returns>
    /// The header, or why there is none. Neither if the server stops, or if the connection has ended before its first byte, as a health check
    /// does.
    /// </returns>
    private async ValueTask<(ProxyHeader? Header, string? Refusal)> ReceiveAsync(ConnectionContext connection)
    {
        var closeRequested = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? default;
        using var late = new CancellationTokenSource(s_timeout, time);
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(late.Token, closeRequested);
        try
        {
            return await ReceiveAsync(connection.Transport.Input, ends.Token);
        }
        catch (OperationCanceledException)
        {
            return (null, late.IsCancellationRequested ? s_late : null);
        }
    }

    private static async ValueTask<(ProxyHeader? Header, string? Refusal)> ReceiveAsync(PipeReader reader, CancellationToken cancellationToken)
    {
        ProxyHeader? header = null;
        var remaining = 0L;
        var hasBegun = false;
        try
        {
            for (var ended = false; !ended;)
            {
                var result = await reader.ReadAsync(cancellationToken);
                var received = result.Buffer;
                ended = result.IsCompleted;
                hasBegun |= !received.IsEmpty;
                if (header is null)
                {
                    switch (Parse(received, out var parsed))
                    {
                        case OperationStatus.Done:
                            header = parsed;
                            remaining = parsed.Length;
                            break;
                        case OperationStatus.InvalidData:
                            reader.AdvanceTo(received.Start);
                            return (null, "its PROXY header is missing or wrong");
                    }
                }

                // What cannot be parsed yet stays in the buffer. A header can have 64 KiB, and is skipped as it comes.
                var skipped = Math.Min(remaining, received.Length);
                remaining -= skipped;
                if (header is not null && remaining == 0)
                {
                    reader.AdvanceTo(received.GetPosition(skipped));
                    return (header, null);
                }

                reader.AdvanceTo(received.GetPosition(skipped), received.End);
            }
        }
        catch (IOException)
        {
            // The connection was reset.
        }

        return (null, hasBegun ? "it ended inside its PROXY header" : null);
    }

    /// <summary>Whether both are the same address and port. A socket of both families shows IPv4 addresses as mapped ones.</summary>
    private static bool IsSame(IPEndPoint client, EndPoint? peer) =>
        peer is IPEndPoint { Address: var address, Port: var port } && client.Port == port && client.Address.MapToIPv6().Equals(address.MapToIPv6());

    private static OperationStatus Parse(in ReadOnlySequence<byte> received, out ProxyHeader header)
    {
        Span<byte> head = stackalloc byte[(int)Math.Min(received.Length, ProxyHeader.ParsedLength)];
        received.Slice(0, head.Length).CopyTo(head);
        return ProxyHeader.Parse(head, out header);
    }
}
