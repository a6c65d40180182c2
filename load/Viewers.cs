using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace AccioKestrel.Load;

/// <summary>Exchanges with and without viewers of the status page, by turns: what the viewers cost an exchange, and how much memory they take.</summary>
internal static class Viewers
{
    private const int Count = 300;
    private const int Rounds = 5;
    private const int FileSize = 500;

    /// <summary>How many exchanges there are between two looks at the memory.</summary>
    private const int ExchangesBetweenLooks = 100;

    /// <param name="clients">How many exchanges in all.</param>
    /// <param name="watch">Starts viewers in a process of their own, which would otherwise compete with the clients for this one's threads.</param>
    public static async Task RunAsync(int clients, Func<int, Process> watch)
    {
        var status = AccioServer.FreePort();
        await using var server = await LoadedServer.StartAsync($"--status {status}");
        var (without, beside, memory) = (new List<double>(), new List<double>(), new List<double>());
        for (var round = 0; round < 2 * Rounds; round++)
        {
            var hasDisplay = round % 2 == 1;
            using var viewers = hasDisplay ? watch(status) : null;
            if (viewers is not null && await viewers.StandardOutput.ReadLineAsync() is null)
            {
                throw new LoadException("A viewer has got no stream.");
            }

            var times = new List<double>();
            for (var i = 0; i < clients / (2 * Rounds); i++)
            {
                var clock = Stopwatch.StartNew();
                using (var client = await server.ConnectAsync())
                {
                    await client.TransferAsync(FileSize);
                }

                times.Add(clock.Elapsed.TotalMicroseconds);
                if (hasDisplay && i % ExchangesBetweenLooks == 0)
                {
                    memory.Add(server.Usage().Memory / 1024.0);
                }
            }

            await server.ExpectAsync(times.Select(_ => FileSize.ToString(CultureInfo.InvariantCulture)));
            (hasDisplay ? beside : without).Add(Median(times));
            if (viewers is { HasExited: true })
            {
                throw new LoadException("A viewer has lost its stream.");
            }

            viewers?.Kill();
        }

        await server.StopAsync();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{Count} viewers: {Median(memory):0.0} MiB of memory, {memory.Max():0.0} at the most; an exchange of {FileSize} bytes takes {Median(beside):0} µs, {Median(without):0} without viewers: {Median(without) / Median(beside):0.00} of the speed"));
    }

    /// <summary>Views until one of the streams ends. Says so when all have begun.</summary>
    public static async Task WatchAsync(int port)
    {
        var sockets = new List<Socket>();
        for (var i = 0; i < Count; i++)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(IPAddress.Loopback, port);
            await socket.SendAsync(Accio.Bytes("GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n"));
            // The server paces connections, so the answer takes its time.
            await socket.ReceiveAsync(new byte[1]);
            sockets.Add(socket);
        }

        Console.WriteLine("All view.");
        await Task.WhenAny(sockets.Select(ReadAsync));

        static async Task ReadAsync(Socket socket)
        {
            var buffer = new byte[16 * 1024];
            while (await socket.ReceiveAsync(buffer) > 0)
            {
            }
        }
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
