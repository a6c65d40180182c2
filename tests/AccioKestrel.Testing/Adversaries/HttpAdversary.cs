using System.Net;
using System.Net.Sockets;
using System.Text;

namespace AccioKestrel.Testing;

/// <summary>One hostile client of the status address. It takes what it gets for an answer, and never gives up by itself.</summary>
internal sealed class HttpAdversary : IDisposable
{
    private const string EventStream = "GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n";

    // So small that what the server sends is stuck in the server.
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveBufferSize = 2048 };

    private Task _attack = Task.CompletedTask;

    private HttpAdversary()
    {
    }

    /// <summary>Many of them, connected at the same time. The attack goes on until they are disposed.</summary>
    public static async Task<HttpAdversaries> AttackAsync(int port, int count, params HttpAttack[] attacks) =>
        new(await Task.WhenAll(Enumerable.Range(0, count).Select(i => AttackAsync(port, attacks[i % attacks.Length]))));

    public static async Task<HttpAdversary> AttackAsync(int port, HttpAttack attack)
    {
        var adversary = new HttpAdversary();
        await adversary._socket.ConnectAsync(IPAddress.Loopback, port).OrGiveUp();
        adversary._attack = adversary.SendAsync(Bytes(attack), atOnce: attack is not HttpAttack.Drip);
        return adversary;
    }

    /// <summary>Waits until the server has ended the connection, and returns what came before.</summary>
    public async Task<string> WaitForEndAsync()
    {
        var received = new StringBuilder();
        var buffer = new byte[4096];
        try
        {
            while (await _socket.ReceiveAsync(buffer).OrGiveUp() is > 0 and var count)
            {
                received.Append(Encoding.Latin1.GetString(buffer, 0, count));
            }
        }
        catch (SocketException)
        {
            // By a reset.
        }

        return received.ToString();
    }

    public void Dispose()
    {
        _socket.Dispose();
        // It has ended by now, or ends by that.
        _ = _attack;
    }

    private static byte[] Bytes(HttpAttack attack) => attack switch
    {
        HttpAttack.Silence => [],
        HttpAttack.HalfHeader => Accio.Bytes("GET / HTTP/1.1\r\nHost: loc"),
        HttpAttack.HalfBody => Accio.Bytes($"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2000\r\n\r\n{new string('x', 1000)}"),
        HttpAttack.NoReading => Accio.Bytes(string.Concat(Enumerable.Repeat("GET /uplot/uPlot.esm.js HTTP/1.1\r\nHost: localhost\r\n\r\n", 100))),
        HttpAttack.StuckViewer => Accio.Bytes(EventStream),
        HttpAttack.MegabyteBehind => [.. Accio.Bytes(EventStream), .. new byte[1024 * 1024]],
        HttpAttack.Drip => Accio.Bytes($"GET / HTTP/1.1\r\nCookie: {new string('x', 15_000)}"),
        _ => throw new ArgumentOutOfRangeException(nameof(attack)),
    };

    private async Task SendAsync(ReadOnlyMemory<byte> bytes, bool atOnce)
    {
        try
        {
            while (!bytes.IsEmpty)
            {
                bytes = bytes[await _socket.SendAsync(atOnce ? bytes : bytes[..1])..];
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // Refused, ended, or over.
        }
    }
}
