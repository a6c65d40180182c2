using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace AccioKestrel.Checker;

/// <summary>Measures what a network really does, before anything is scored by it.</summary>
internal static class RelayMeasurement
{
    /// <summary>The time from a byte's way through the relay and back.</summary>
    public static async Task<TimeSpan> RoundTripAsync(Emulation emulation, int seed)
    {
        using var echo = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        echo.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        echo.Listen();
        await using var relay = new Relay(new IPEndPoint(IPAddress.Loopback, 0), echo.LocalEndPoint!, emulation, seed);
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await client.ConnectAsync(relay.EndPoint).WaitAsync(ServerRun.Soon);
        using var server = await echo.AcceptAsync().WaitAsync(ServerRun.Soon);
        server.NoDelay = true;
        var begun = Stopwatch.GetTimestamp();
        var buffer = new byte[1];
        await client.SendAsync(buffer);
        await server.ReceiveAsync(buffer).WaitAsync(ServerRun.Soon);
        await server.SendAsync(buffer);
        await client.ReceiveAsync(buffer).WaitAsync(ServerRun.Soon);
        return Stopwatch.GetElapsedTime(begun);
    }
}
