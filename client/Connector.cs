using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace AccioKestrel.Client;

/// <summary>Finds the server: at one of the addresses of its name, within one limit for all of them.</summary>
internal static class Connector
{
    /// <exception cref="TransferException">The name has no address, or nobody answers there.</exception>
    public static async Task<Socket> ConnectAsync(string host, int port, TimeSpan limit)
    {
        var clock = Stopwatch.StartNew();
        var addresses = await ResolveAsync(host, limit);
        var failures = new List<string>();
        for (var tried = 0; tried < addresses.Length; tried++)
        {
            // An equal share of what is left, so that an address that does not answer leaves the others their time.
            var share = (limit - clock.Elapsed) / (addresses.Length - tried);
            try
            {
                return await ConnectAsync(addresses[tried], port, share);
            }
            catch (SocketException exception)
            {
                failures.Add($"{addresses[tried]}: {exception.Message}");
            }
            catch (OperationCanceledException)
            {
                failures.Add($"{addresses[tried]}: no answer within {limit.TotalSeconds} s");
            }
        }

        throw new TransferException($"No connection to {host}, port {port} ({string.Join("; ", failures)}).");
    }

    private static async Task<IPAddress[]> ResolveAsync(string host, TimeSpan limit)
    {
        if (IPAddress.TryParse(host, out var address))
        {
            return [address];
        }

        try
        {
            using var patience = new CancellationTokenSource(limit);
            return await Dns.GetHostAddressesAsync(host, patience.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TransferException($"The address of '{host}' could not be found within {limit.TotalSeconds} s.");
        }
        catch (Exception exception) when (exception is SocketException or ArgumentException)
        {
            // An argument exception is for a name that no host can have, such as one of 300 characters.
            throw new TransferException($"The host must be a name or an address that is known here, not '{host}': {exception.Message}.");
        }
    }

    private static async Task<Socket> ConnectAsync(IPAddress address, int port, TimeSpan limit)
    {
        using var patience = new CancellationTokenSource(limit > TimeSpan.Zero ? limit : TimeSpan.Zero);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(address, port, patience.Token);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
