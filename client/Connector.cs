using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using AccioKestrel.Interop;

namespace AccioKestrel.Client;

/// <summary>Connects to the server. Tries all addresses of its name, within one limit for all of them.</summary>
internal static class Connector
{
    /// <exception cref="TransferException">The name has no address, or no server answers there.</exception>
    public static async Task<Socket> ConnectAsync(string host, int port, TimeSpan limit)
    {
        var clock = Stopwatch.StartNew();
        var addresses = await ResolveAsync(host, limit);
        var failures = new List<string>();
        for (var tried = 0; tried < addresses.Length; tried++)
        {
            // An equal share of the remaining time, so that an address that does not answer leaves time for the others.
            var share = (limit - clock.Elapsed) / (addresses.Length - tried);
            try
            {
                return await ConnectAsync(addresses[tried], port, share);
            }
            catch (SocketException exception)
            {
                failures.Add($"{addresses[tried]}: {SystemMessage.Clause(exception.Message)}");
            }
            catch (OperationCanceledException)
            {
                failures.Add($"{addresses[tried]}: no answer within {(addresses.Length == 1 ? limit : share).TotalSeconds:0.##} s");
            }
        }

        throw new TransferException($"No connection to {host}, port {port} ({string.Join("; ", failures)}). Check that the server is running, and that host and port are right.");
    }

    private static async Task<IPAddress[]> ResolveAsync(string host, TimeSpan limit)
    {
        if (IPAddress.TryParse(host, out var address))
        {
            return [address];
        }

        try
        {
            using var timeout = new CancellationTokenSource(limit);
            return await Dns.GetHostAddressesAsync(host, timeout.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TransferException($"The address of '{host}' could not be found within {limit.TotalSeconds} s.");
        }
        catch (Exception exception) when (exception is SocketException or ArgumentException)
        {
            // ArgumentException: the name is not valid, for example too long.
            throw new TransferException($"The host must be a name or an address that is known here, not '{host}': {SystemMessage.Clause(exception.Message)}.");
        }
    }

    private static async Task<Socket> ConnectAsync(IPAddress address, int port, TimeSpan limit)
    {
        using var timeout = new CancellationTokenSource(limit > TimeSpan.Zero ? limit : TimeSpan.Zero);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(address, port, timeout.Token);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
