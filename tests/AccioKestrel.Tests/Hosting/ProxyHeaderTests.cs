using System.Buffers;
using System.Text.RegularExpressions;

namespace AccioKestrel.Tests.Hosting;

/// <summary>The parser of PROXY headers alone.</summary>
public sealed partial class ProxyHeaderTests
{
    private const string Octet = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
    private const string Port = "(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[1-9][0-9]{0,3}|0)";
    private const string Longest = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";

    /// <summary>Right headers in Latin-1, with the client that each names.</summary>
    public static TheoryData<string, string?> RightHeaders => new()
    {
        { "PROXY TCP4 192.0.2.7 198.51.100.1 40222 5000\r\n", "192.0.2.7:40222" },
        { "PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", "255.255.255.255:65535" },
        { "PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n", "0.0.0.0:0" },
        { "PROXY TCP6 2001:db8::7 2001:DB8::1 40222 5000\r\n", "[2001:db8::7]:40222" },
        { "PROXY TCP6 ::ffff:192.0.2.7 ::1 1 2\r\n", "[::ffff:192.0.2.7]:1" },
        { $"PROXY TCP6 {Longest} {Longest} 65535 65535\r\n", $"[{Longest}]:65535" },
        { "PROXY UNKNOWN\r\n", null },
        { $"PROXY UNKNOWN {Longest} {Longest} 65535 65535\r\n", null },
        { "PROXY UNKNOWN anything\n\0\xFF \r\n", null },
        { Latin1(ProxyHeaders.Binary("192.0.2.7:40222")), "192.0.2.7:40222" },
        { Latin1(ProxyHeaders.Binary("192.0.2.7:40222", fields: 7)), "192.0.2.7:40222" },
        { Latin1(ProxyHeaders.Binary("[2001:db8::7]:65535")), "[2001:db8::7]:65535" },
        { Latin1(ProxyHeaders.Binary("[2001:db8::7]:65535", fields: 65_499)), "[2001:db8::7]:65535" },
        { ProxyHeaders.Local, null },
        // The balancer's own connection, whose other fields are not looked at.
        { ProxyHeaders.Signature + "\x20\xFF\0\x01x", null },
        { ProxyHeaders.Signature + "\x20\x11\0\x02xx", null },
        // A client behind a UNIX socket, of UDP, and of an unknown kind.
        { ProxyHeaders.Signature + "\x21\x31\0\xD8" + new string('x', 216), null },
        { ProxyHeaders.Signature + "\x21\x12\0\x0C" + new string('x', 12), null },
        { ProxyHeaders.Signature + "\x21\0\0\0", null },
    };

    [Theory]
    [MemberData(nameof(RightHeaders))]
    public void Header_CutAtEachByte_NeedsMore_AndWhole_NamesItsClient(string text, string? client)
    {
        var bytes = Accio.Bytes(text);
        var needed = Enumerable.Range(0, bytes.Length + 1).First(length => Parse(bytes.AsSpan(0, length)) is not { Status: OperationStatus.NeedMoreData });
        Assert.True(needed <= ProxyHeader.ParsedLength);
        // The fields of version 2 behind the addresses are not waited for.
        Assert.True(needed == bytes.Length || bytes[0] == '\r');
        byte[] followed = [.. bytes, .. "\r\nconfirm-accio\r\n"u8];
        for (var length = needed; length <= followed.Length; length += Math.Max(1, length / 50))
        {
            Assert.Equal((OperationStatus.Done, bytes.Length, client), Parse(followed.AsSpan(0, length)));
        }
    }

    [Theory]
    [InlineData("confirm-accio\r\n")]
    [InlineData("\0")]
    [InlineData("PROXY\r\n")]
    [InlineData("PROXY \r\n")]
    [InlineData("proxy TCP4 192.0.2.7 192.0.2.1 1 2\r\n")]
    [InlineData("PROXY  TCP4 192.0.2.7 192.0.2.1 1 2\r\n")]
    [InlineData("PROXY TCP4 192.0.2.7 192.0.2.1 1 2 \r\n")]
    [InlineData("PROXY TCP4 192.0.2.7  192.0.2.1 1 2\r\n")]
    [InlineData("PROXY TCP4 192.0.2.7 192.0.2.1 1\r\n")]
    [InlineData("PROXY TCP4 192.0.2.7 192.0.2.1 1 2 3\r\n")]
    [InlineData("PROXY TCP4 192.0.2.7 192.0.2.1 1 2\n\r\n")]
    [InlineData("PROXY TCP4 192.0.2.7 192.0.2.1 1 2\r\r\n")]
    [InlineData("PROXY TCP4 192.0.2.07 192.0.2.1 1 2\r\n")]
    [InlineData("PROXY TCP4 192.0.2 192.0.2.1 1 2\r\n")]
    [InlineData("PROXY TCP4 192.0.2.256 192.0.2.1 1 2\r\n")]
    [InlineData("PROXY TCP4 0xC0000207 192.0.2.1 1 2\r\n")]
    [InlineData("PROXY TCP4 192.0.2.7 192.0.2.01 1 2\r\n")]
    [InlineData("PROXY TCP4 ::1 ::1 1 2\r\n")]
    [InlineData("PROXY TCP6 192.0.2.7 192.0.2.1 1 2\r\n")]
    [InlineData("PROXY TCP6 ::1 192.0.2.1 1 2\r\n")]
    [InlineData("PROXY TCP6 [::1] ::1 1 2\r\n")]
    [InlineData("PROXY TCP6 fe80::1%1 ::1 1 2\r\n")]
    [InlineData("PROXY TCP6 ::1::1 ::1 1 2\r\n")]
    [InlineData("PROXY TCP4 192.0.2.7 192.0.2.1 01 2\r\n")]
    [InlineData("PROXY TCP4 192.0.2.7 192.0.2.1 1 00\r\n")]
    [InlineData("PROXY TCP4 192.0.2.7 192.0.2.1 65536 2\r\n")]
    [InlineData("PROXY TCP4 192.0.2.7 192.0.2.1 +1 2\r\n")]
    [InlineData("PROXY TCP4 192.0.2.7 192.0.2.1 -1 2\r\n")]
    [InlineData("PROXY TCP4 192.0.2.7 192.0.2.1 1\t2\r\n")]
    [InlineData("PROXY UDP4 192.0.2.7 192.0.2.1 1 2\r\n")]
    [InlineData("PROXY UNKNOWNS\r\n")]
    [InlineData("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535 \r\n")]
    [InlineData(ProxyHeaders.Signature + "\x10\x11\0\x0C............")]
    [InlineData(ProxyHeaders.Signature + "\x22\x11\0\x0C............")]
    [InlineData(ProxyHeaders.Signature + "\x21\x41\0\x0C............")]
    [InlineData(ProxyHeaders.Signature + "\x21\x13\0\x0C............")]
    [InlineData(ProxyHeaders.Signature + "\x21\x11\0\x0B...........")]
    [InlineData(ProxyHeaders.Signature + "\x21\x21\0\x23...................................")]
    public void Bytes_ThatAreNoHeader_AreInvalid(string text)
    {
        Assert.Equal((OperationStatus.InvalidData, 0, null), Parse(Accio.Bytes(text)));
        Assert.Equal((OperationStatus.InvalidData, 0, null), Parse(Accio.Bytes(text + "confirm-accio\r\n")));
    }

    [Fact]
    public void Line_WithEachByteChanged_IsAsTheGrammarSays()
    {
        var bytes = Accio.Bytes("PROXY TCP4 192.0.2.7 198.51.100.1 40222 5000\r\n");
        foreach (var changed in Changes(bytes))
        {
            var text = Latin1(changed);
            var expected = Grammar().Match(text) is { Success: true } match ? (OperationStatus.Done, bytes.Length, $"{match.Groups["client"]}:{match.Groups["port"]}")
                : !text.StartsWith("PROXY ", StringComparison.Ordinal) || text.EndsWith("\r\n", StringComparison.Ordinal) ? (OperationStatus.InvalidData, 0, (string?)null)
                : (OperationStatus.NeedMoreData, 0, null);
            Assert.Equal(expected, Parse(changed));
        }
    }

    [Fact]
    public void Binary_WithEachByteChanged_IsAsItsFieldsSay()
    {
        var bytes = ProxyHeaders.Binary("192.0.2.7:40222", fields: 3);
        foreach (var changed in Changes(bytes))
        {
            Assert.Equal(ExpectedOf(changed), Parse(changed));
        }

        static (OperationStatus, int, string?) ExpectedOf(byte[] header)
        {
            var length = (header[14] * 256) + header[15];
            var client = $"{header[16]}.{header[17]}.{header[18]}.{header[19]}:{(header[24] * 256) + header[25]}";
            return (header.AsSpan().StartsWith(Accio.Bytes(ProxyHeaders.Signature)), header[12], header[13]) switch
            {
                (false, _, _) => (OperationStatus.InvalidData, 0, null),
                (_, 0x20, _) => (OperationStatus.Done, 16 + length, null),
                (_, 0x21, 0x11) when length >= 12 => (OperationStatus.Done, 16 + length, client),
                (_, 0x21, 0x00 or 0x01 or 0x02 or 0x10 or 0x12 or 0x20 or 0x22 or 0x30 or 0x31 or 0x32) => (OperationStatus.Done, 16 + length, null),
                _ => (OperationStatus.InvalidData, 0, null),
            };
        }
    }

    /// <summary>All arrays that differ in one byte.</summary>
    private static IEnumerable<byte[]> Changes(byte[] bytes) =>
        from at in Enumerable.Range(0, bytes.Length)
        from value in Enumerable.Range(0, 256)
        where bytes[at] != value
        select (byte[])[.. bytes[..at], (byte)value, .. bytes[(at + 1)..]];

    private static (OperationStatus Status, int Length, string? Client) Parse(ReadOnlySpan<byte> bytes)
    {
        var status = ProxyHeader.Parse(bytes, out var header);
        return (status, header.Length, header.Client?.ToString());
    }

    private static string Latin1(byte[] bytes) => System.Text.Encoding.Latin1.GetString(bytes);

    [GeneratedRegex(
        @$"^PROXY TCP4 (?<client>({Octet}\.){{3}}{Octet}) ({Octet}\.){{3}}{Octet} (?<port>{Port}) {Port}\r\n\z",
        RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Grammar();
}
