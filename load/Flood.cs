using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace AccioKestrel.Load;

/// <summary>
/// Impatient clients, many times the backlog, and patient ones among them. Must run in its own network namespace, because it changes settings.
/// </summary>
internal static class Flood
{
    private const int Backlog = 16;

    /// <summary>One patient client for so many impatient ones.</summary>
    private const int ImpatientForEachPatient = 20;

    private static readonly TimeSpan s_impatience = TimeSpan.FromSeconds(1);

    /// <summary>After this time a client reconnects: with SYN cookies, a client can believe that it is connected while the server has no connection.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    public static async Task RunAsync(int clients)
    {
        foreach (var cookies in (int[])[0, 1, 2])
        {
            await SetAsync("core/somaxconn", Backlog);
            await SetAsync("ipv4/tcp_max_syn_backlog", Backlog);
            await SetAsync("ipv4/tcp_syncookies", cookies);
            await RunAsync(clients, cookies);
        }
    }

    private static async Task RunAsync(int impatient, int cookies)
    {
        await using var server = await LoadedServer.StartAsync();
        var (patient, again) = (impatient / ImpatientForEachPatient, 0);
        var clock = Stopwatch.StartNew();
        var clients = Enumerable.Range(0, impatient / 2).Select(_ => BeImpatientAsync(server.Port)).ToList();
        clients.AddRange(Enumerable.Range(1, patient).Select(BePatientAsync));
        clients.AddRange(Enumerable.Range(0, impatient - (impatient / 2)).Select(_ => BeImpatientAsync(server.Port)));
        await Task.WhenAll(clients);
        var time = clock.Elapsed;

        await BePatientAsync(patient + 1);
        var lines = await server.ReadUntilAsync((patient + 1).ToString(CultureInfo.InvariantCulture));
        await server.StopAsync();
        var counted = lines.Where(line => line is not "ERROR").Select(line => int.Parse(line, CultureInfo.InvariantCulture)).Order().ToArray();
        if (!counted.SequenceEqual(Enumerable.Range(1, patient + 1)))
        {
            throw new LoadException($"SYN cookies {cookies}: of {patient + 1} patient clients {counted.Length} were counted.");
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"SYN cookies {cookies}: {impatient} impatient and {patient} patient clients at a backlog of {Backlog}: all patient ones served and counted once in {time.TotalSeconds:0.0} s, {again} connected once more; {lines.Length - counted.Length} impatient ones had a line; the kernel dropped {Counter("ListenDrops")} and sent {Counter("SyncookiesSent")} cookies so far"));

        async Task BePatientAsync(int size)
        {
            while (true)
            {
                try
                {
                    using var client = await server.ConnectAsync().WaitAsync(s_patience);
                    await client.TransferAsync(size).WaitAsync(s_patience);
                    return;
                }
                catch (Exception exception) when (exception is SocketException or TimeoutException)
                {
                    Interlocked.Increment(ref again);
                }
            }
        }
    }

    private static async Task BeImpatientAsync(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        var connected = socket.ConnectAsync(IPAddress.Loopback, port);
        await Task.Delay(s_impatience);
        socket.Dispose();
        try
        {
            await connected;
        }
        catch (SocketException)
        {
            // The connection never reached the server.
        }
    }

    private static Task SetAsync(string setting, int value) =>
        File.WriteAllTextAsync($"/proc/sys/net/{setting}", value.ToString(CultureInfo.InvariantCulture));

    /// <summary>One of the kernel's counters in this network: a line of names, and a line of numbers.</summary>
    private static string Counter(string name)
    {
        var lines = File.ReadLines("/proc/net/netstat").Take(2).Select(line => line.Split(' ')).ToArray();
        return lines[1][Array.IndexOf(lines[0], name)];
    }
}
