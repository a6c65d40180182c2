using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace AccioKestrel.Checker;

/// <summary>Addresses as they are written on the command line.</summary>
internal static class EndPoints
{
    /// <param name="text">HOST:PORT.</param>
    /// <param name="isListening">Whether it is an address to listen on, whose port may be 0.</param>
    public static async Task<IPEndPoint> ParseAsync(string text, bool isListening = false)
    {
        var colon = text.LastIndexOf(':');
        if (colon < 1 || !ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) || (port == 0 && !isListening))
        {
            throw new UsageException($"HOST:PORT was expected, not '{text}'.");
        }

        try
        {
            var addresses = await Dns.GetHostAddressesAsync(text[..colon], AddressFamily.InterNetwork);
            return new IPEndPoint(addresses[0], port);
        }
        catch (SocketException)
        {
            throw new UsageException($"{text[..colon]} has no IPv4 address.");
        }
    }
}
