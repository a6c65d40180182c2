using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace AccioKestrel.Hosting;

/// <summary>
/// The header of the PROXY protocol, version 1 or 2, by which a load balancer tells whose connection it passes on. It comes before all
/// bytes of the client.
/// </summary>
/// <param name="Length">Its length in bytes. In version 2 up to 65551: the fields behind the addresses count, and are skipped unread.</param>
/// <param name="Client">The client, or null if the header does not name one by its IP address.</param>
internal readonly record struct ProxyHeader(int Length, IPEndPoint? Client)
{
    /// <summary>The most bytes that <see cref="Parse"/> needs: the longest header of version 1.</summary>
    public const int ParsedLength = 107;

    /// <summary>The length of version 2 up to the addresses.</summary>
    private const int FixedLength = 16;

    private static ReadOnlySpan<byte> FirstVersion => "PROXY "u8;

    private static ReadOnlySpan<byte> SecondVersion => "\r\n\r\n\0\r\nQUIT\n"u8;

    /// <param name="received">The first bytes of the connection, with or without what follows the header.</param>
    /// <param name="header">The header, of which not all bytes may have been received.</param>
    /// <returns>Whether the bytes are a header, are not, or whether more of them are needed to tell.</returns>
    public static OperationStatus Parse(ReadOnlySpan<byte> received, out ProxyHeader header)
    {
        header = default;
        return Begins(received, SecondVersion) ? ParseBinary(received, out header)
            : Begins(received, FirstVersion) ? ParseLine(received[..Math.Min(received.Length, ParsedLength)], out header)
            : OperationStatus.InvalidData;
    }

    private static bool Begins(ReadOnlySpan<byte> received, ReadOnlySpan<byte> with) =>
        Math.Min(received.Length, with.Length) is var length && received[..length].SequenceEqual(with[..length]);

    private static OperationStatus ParseBinary(ReadOnlySpan<byte> received, out ProxyHeader header)
    {
        const int local = 0x20;
        const int proxy = 0x21;
        header = default;
        if (received.Length < FixedLength)
        {
            return OperationStatus.NeedMoreData;
        }

        var (command, family, protocol) = (received[12], received[13] >> 4, received[13] & 0xF);
        var length = BinaryPrimitives.ReadUInt16BigEndian(received[14..]);
        // The balancer's own connection. Its addresses are to be ignored, the family included.
        var isLocal = command == local;
        if (!isLocal && (command != proxy || family > 3 || protocol > 2))
        {
            return OperationStatus.InvalidData;
        }

        // Other valid families and protocols, such as UNIX sockets and UDP, have no address that a TCP client could have.
        var addressLength = isLocal ? 0 : received[13] switch
        {
            0x11 => 4,
            0x21 => 16,
            _ => 0,
        };
        if (addressLength == 0)
        {
            header = new(FixedLength + length, Client: null);
            return OperationStatus.Done;
        }

        // Two addresses and two ports, the client's first.
        var needed = 2 * (addressLength + sizeof(ushort));
        if (length < needed)
        {
            return OperationStatus.InvalidData;
        }

        if (received.Length < FixedLength + needed)
        {
            return OperationStatus.NeedMoreData;
        }

        var address = new IPAddress(received.Slice(FixedLength, addressLength));
        header = new(FixedLength + length, new IPEndPoint(address, BinaryPrimitives.ReadUInt16BigEndian(received[(FixedLength + (2 * addressLength))..])));
        return OperationStatus.Done;
    }

    private static OperationStatus ParseLine(ReadOnlySpan<byte> received, out ProxyHeader header)
    {
        header = default;
        var length = received.IndexOf("\r\n"u8);
        if (length < 0)
        {
            return received.Length < ParsedLength ? OperationStatus.NeedMoreData : OperationStatus.InvalidData;
        }

        // A byte that is not ASCII becomes a question mark, which no field may have.
        switch (Encoding.ASCII.GetString(received[FirstVersion.Length..length]).Split(' '))
        {
            case ["UNKNOWN", ..]:
                header = new(length + 2, Client: null);
                return OperationStatus.Done;
            case [var family, var source, var destination, var sourcePort, var destinationPort]
                when AddressOf(source, family) is { } address && AddressOf(destination, family) is not null
                && PortOf(sourcePort) is { } port && PortOf(destinationPort) is not null:
                header = new(length + 2, new IPEndPoint(address, port));
                return OperationStatus.Done;
            default:
                return OperationStatus.InvalidData;
        }
    }

    /// <summary>Parses an address of this family. The parser also accepts brackets, scopes and numbers of other bases, which no balancer sends.</summary>
    private static IPAddress? AddressOf(string text, string family) => IPAddress.TryParse(text, out var address) && (family, address.AddressFamily) switch
    {
        ("TCP4", AddressFamily.InterNetwork) => text.Equals(address.ToString(), StringComparison.Ordinal),
        ("TCP6", AddressFamily.InterNetworkV6) => text.All(letter => char.IsAsciiHexDigit(letter) || letter is ':' or '.'),
        _ => false,
    }
        ? address : null;

    /// <summary>Parses a port. The parser also accepts leading zeros and trailing null characters.</summary>
    private static ushort? PortOf(string text) =>
        ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && text.Equals(port.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            ? port : null;
}
