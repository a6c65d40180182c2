using System.Buffers.Binary;
using System.Net;

namespace AccioKestrel.Testing;

/// <summary>PROXY headers as a load balancer writes them, made without the server's own code.</summary>
internal static class ProxyHeaders
{
    public const string Local = Signature + "\x20\0\0\0";

    public const string Signature = "\r\n\r\n\0\r\nQUIT\n";

    /// <summary>Version 1, for a client and any address of the balancer.</summary>
    public static string Line(string client) => IPEndPoint.Parse(client) is { AddressFamily: System.Net.Sockets.AddressFamily.InterNetwork } plain
        ? $"PROXY TCP4 {plain.Address} 192.0.2.1 {plain.Port} 5000\r\n"
        : $"PROXY TCP6 {IPEndPoint.Parse(client).Address} 2001:db8::1 {IPEndPoint.Parse(client).Port} 5000\r\n";

    /// <summary>Version 2.</summary>
    /// <param name="client">The client's address and port.</param>
    /// <param name="fields">The bytes behind the addresses, which may be any.</param>
    public static byte[] Binary(string client, int fields = 0)
    {
        var endPoint = IPEndPoint.Parse(client);
        var address = endPoint.Address.GetAddressBytes();
        byte[] header = [.. Accio.Bytes(Signature), 0x21, (byte)(address.Length == 4 ? 0x11 : 0x21), 0, 0, .. address, .. new byte[address.Length + 4 + fields]];
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(14), (ushort)(header.Length - 16));
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(16 + (2 * address.Length)), (ushort)endPoint.Port);
        return header;
    }
}
