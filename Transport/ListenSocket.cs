using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace AccioKestrel.Transport;

/// <summary>Creates listen sockets.</summary>
internal static class ListenSocket
{
    /// <summary>Creates a socket that listens.</summary>
    /// <param name="endPoint">Where to listen.</param>
    /// <param name="backlog">How many clients may wait.</param>
    /// <param name="configure">Sets options that the socket's connections inherit.</param>
    /// <exception cref="ListenFailedException">The system does not allow it.</exception>
    /// <exception cref="AddressInUseException">The address is in use. Kestrel expects this exception from a transport.</exception>
    public static Socket Create(EndPoint endPoint, int backlog, Action<Socket> configure)
    {
        Socket? socket = null;
        try
        {
            socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp)
            {
                // Inherited by its connections: each write goes out at once, in a segment of its own.
                NoDelay = true,
            };
            configure(socket);
            if (endPoint is IPEndPoint { Address: var address } && address.Equals(IPAddress.IPv6Any))
            {
                // As in Kestrel, :: listens on IPv4 addresses too.
                socket.DualMode = true;
            }

            if (OperatingSystem.IsWindows())
            {
                // Otherwise two servers could share the port, and each miss clients. A server on all addresses keeps others off each of them.
                socket.ExclusiveAddressUse = true;
            }

            socket.Bind(endPoint);
            // Windows cuts a backlog to 200, unless it is passed as its SOMAXCONN_HINT, which is the negative number.
            socket.Listen(OperatingSystem.IsWindows() && backlog > 200 ? -backlog : backlog);
            return socket;
        }
        catch (SocketException exception)
        {
            socket?.Dispose();
            var failure = new ListenFailedException(endPoint, exception);
            throw failure.Error is SocketError.AddressAlreadyInUse ? new AddressInUseException(failure.Message, failure) : failure;
        }
    }
}
