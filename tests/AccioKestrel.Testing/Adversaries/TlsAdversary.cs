using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace AccioKestrel.Testing;

/// <summary>A client that speaks TLS as it should, above a wire that the test meters.</summary>
internal sealed class TlsAdversary : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    private TlsAdversary()
    {
    }

    /// <summary>How much the kernel takes from the server for a client that does not read.</summary>
    public int ReceiveBufferSize
    {
        set => _socket.ReceiveBufferSize = value;
    }

    /// <summary>What goes over the wire.</summary>
    public MeteredStream Wire { get; private set; } = null!;

    /// <summary>What is inside, after the handshake.</summary>
    public SslStream Tls { get; private set; } = null!;

    public static async Task<TlsAdversary> ConnectAsync(int port)
    {
        var client = new TlsAdversary();
        await client._socket.ConnectAsync(IPAddress.Loopback, port).OrGiveUp();
        client.Wire = new MeteredStream(new NetworkStream(client._socket, ownsSocket: true));
        client.Tls = new SslStream(client.Wire);
        return client;
    }

    /// <summary>Connects and shakes hands, which takes as long as the client waits for its turn.</summary>
    public static async Task<TlsAdversary> ConnectServedAsync(int port)
    {
        var client = await ConnectAsync(port);
        await client.ShakeHandsAsync().OrGiveUp();
        return client;
    }

    public Task ShakeHandsAsync() => Tls.AuthenticateAsClientAsync(
        new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            // The certificate is the test's own; that it is verified is openssl's part.
            CertificateChainPolicy = new() { VerificationFlags = X509VerificationFlags.AllowUnknownCertificateAuthority },
        },
        TestContext.Current.CancellationToken);

    /// <summary>Sends what the server takes for a step, bytes below TLS included.</summary>
    public Task SendAsync(string text) => Tls.WriteAsync(Accio.Bytes(text), TestContext.Current.CancellationToken).OrGiveUp();

    /// <summary>A handshake that has begun, with its first message held back.</summary>
    public async Task<Task> HoldHelloAsync()
    {
        Wire.Holds = true;
        var handshake = ShakeHandsAsync();
        await Patience.UntilEqual(true, () => Wire.Held > 100);
        return handshake;
    }

    /// <summary>Holds a record of file bytes back.</summary>
    public async Task HoldRecordAsync(int length)
    {
        Wire.Holds = true;
        await Tls.WriteAsync(new byte[length], TestContext.Current.CancellationToken).OrGiveUp();
    }

    /// <summary>One whole transfer.</summary>
    public async Task TransferAsync(int fileSize)
    {
        await Tls.WriteAsync(Accio.StreamOf(fileSize), TestContext.Current.CancellationToken).OrGiveUp();
        await Tls.ShutdownAsync().OrGiveUp();
        _socket.Shutdown(SocketShutdown.Send);
    }

    /// <summary>Ends the connection by a reset.</summary>
    public void Reset()
    {
        // Not by the stream, which sends a FIN before.
        _socket.Close(timeout: 0);
        Dispose();
    }

    public void Dispose()
    {
        Tls?.Dispose();
        _socket.Dispose();
    }
}
