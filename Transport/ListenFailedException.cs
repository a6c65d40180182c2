using System.Net;
using System.Net.Sockets;

namespace AccioKestrel.Transport;

/// <summary>The server cannot listen on an end point. The message names the end point, which the system's error does not.</summary>
internal sealed class ListenFailedException(EndPoint endPoint, SocketException inner) : IOException($"Cannot listen on {endPoint}: {inner.Message}", inner)
{
    public EndPoint EndPoint => endPoint;

    /// <summary>The system's reason.</summary>
    public SocketError Error => ((SocketException)InnerException!).SocketErrorCode;
}
