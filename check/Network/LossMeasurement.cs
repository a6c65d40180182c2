using System.Net;
using System.Net.Sockets;

namespace AccioKestrel.Checker;

/// <summary>Measures which part of the packets the loopback interface really loses.</summary>
internal static class LossMeasurement
{
    private const int Packets = 400;
    private static readonly TimeSpan s_travel = TimeSpan.FromSeconds(0.4);

    public static async Task<double> LossAsync()
    {
        using var receiver = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveBufferSize = 1024 * 1024 };
        receiver.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using var sender = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        for (var packet = 0; packet < Packets; packet++)
        {
            sender.SendTo("x"u8, receiver.LocalEndPoint!);
        }

        await Task.Delay(s_travel);
        var received = 0;
        while (receiver.Available > 0)
        {
            receiver.Receive(new byte[1]);
            received++;
        }

        return 1 - ((double)received / Packets);
    }
}
