using System.Net;
using System.Net.Sockets;

namespace AccioKestrel.Checker;

/// <summary>
/// A free port that no other run on this machine uses. An abstract socket with the port's number in its name keeps other runs away; the kernel
/// frees the name when the process has ended, in whatever way. The ports are below the range from which the kernel takes ports for clients.
/// </summary>
internal sealed class PortReservation : IDisposable
{
    private const int First = 20_000;
    private const int Last = 32_000;

    private readonly Socket _name;

    private PortReservation(int port, Socket name)
    {
        Port = port;
        _name = name;
    }

    public int Port { get; }

    public static PortReservation Take()
    {
        while (true)
        {
            var port = Random.Shared.Next(First, Last);
            var name = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            try
            {
                name.Bind(new UnixDomainSocketEndPoint($"\0accio-check/port/{port}"));
                // Without SO_REUSEADDR, so that a port that old connections still occupy is not taken.
                using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ExclusiveAddressUse = true };
                probe.Bind(new IPEndPoint(IPAddress.Any, port));
                return new PortReservation(port, name);
            }
            catch (SocketException exception) when (exception.SocketErrorCode is SocketError.AddressAlreadyInUse)
            {
                name.Dispose();
            }
        }
    }

    public void Dispose() => _name.Dispose();
}
