using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace AccioKestrel.Server.StatusAddress;

/// <summary>A connection of the stock transport that reports to its listener when its socket is closed.</summary>
/// <remarks>
/// Middleware would see only the end of the requests. After it the transport keeps the socket open until the client has read the rest
/// of the response.
/// </remarks>
internal sealed class StatusConnection(ConnectionContext connection, Action<StatusConnection> closed) : ConnectionContext
{
    public override string ConnectionId
    {
        get => connection.ConnectionId;
        set => connection.ConnectionId = value;
    }

    public override IFeatureCollection Features => connection.Features;

    public override IDictionary<object, object?> Items
    {
        get => connection.Items;
        set => connection.Items = value;
    }

    public override IDuplexPipe Transport
    {
        get => connection.Transport;
        set => connection.Transport = value;
    }

    public override CancellationToken ConnectionClosed
    {
        get => connection.ConnectionClosed;
        set => connection.ConnectionClosed = value;
    }

    public override EndPoint? LocalEndPoint
    {
        get => connection.LocalEndPoint;
        set => connection.LocalEndPoint = value;
    }

    public override EndPoint? RemoteEndPoint
    {
        get => connection.RemoteEndPoint;
        set => connection.RemoteEndPoint = value;
    }

    public override void Abort(ConnectionAbortedException abortReason) => connection.Abort(abortReason);

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        try
        {
            await connection.DisposeAsync();
        }
        finally
        {
            closed(this);
        }
    }
}
