using System.Net;
using System.Net.Sockets;
using System.Text;

namespace AccioKestrel.Tests.EndToEnd;

/// <summary>A client, step by step: each verb is one thing that a client can do or see.</summary>
internal sealed class AccioClient : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    /// <summary>How many segments with bytes have come from the server (tcpi_data_segs_in of the kernel's TCP_INFO).</summary>
    public int SegmentsReceived
    {
        get
        {
            const int tcpInfo = 11;
            const int offset = 152;
            var info = new byte[offset + sizeof(int)];
            _socket.GetRawSocketOption((int)SocketOptionLevel.Tcp, tcpInfo, info);
            return BitConverter.ToInt32(info, offset);
        }
    }

    public static async Task<AccioClient> ConnectAsync(int port)
    {
        var client = new AccioClient();
        await client._socket.ConnectAsync(IPAddress.Loopback, port).OrGiveUp();
        return client;
    }

    /// <summary>Everything from the first command to the server's end of the connection, as the protocol has it.</summary>
    public async Task TransferAsync(int fileSize)
    {
        await TransferUnansweredAsync(fileSize);
        Assert.Empty(await WaitForCloseAsync());
    }

    /// <summary>All steps, but not the server's end of the connection.</summary>
    public async Task TransferUnansweredAsync(int fileSize)
    {
        await ConfirmBothAsync();
        await SendAsync(Accio.FileOf(fileSize));
        HalfClose();
    }

    /// <summary>The bytes of all steps at once, with no regard to what the server says.</summary>
    public async Task SendAllAtOnceAsync(int fileSize)
    {
        await SendAsync(Accio.StreamOf(fileSize));
        HalfClose();
    }

    /// <summary>Steps 1 to 4: what follows is the file.</summary>
    public async Task ConfirmBothAsync()
    {
        await ExpectCommandAsync();
        await SendFirstConfirmationAsync();
        await ExpectCommandAsync();
        await SendSecondConfirmationAsync();
    }

    /// <summary>Receives once, which must give one whole command, as many published clients rely on.</summary>
    public async Task ExpectCommandAsync()
    {
        var buffer = new byte[Accio.Command.Length];
        var count = await _socket.ReceiveAsync(buffer).OrGiveUp();
        Assert.Equal(Accio.Command, Encoding.Latin1.GetString(buffer, 0, count));
    }

    /// <summary>Sees that nothing comes for a while, neither bytes nor an end.</summary>
    public void ExpectSilence(double seconds = 0.3) =>
        Assert.False(_socket.Poll(TimeSpan.FromSeconds(seconds), SelectMode.SelectRead), "Nothing should have come from the server.");

    public Task SendFirstConfirmationAsync() => SendAsync(Accio.FirstConfirmation);

    public Task SendSecondConfirmationAsync() => SendAsync(Accio.SecondConfirmation);

    public Task SendAsync(string text) => SendAsync(Accio.Bytes(text));

    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await _socket.SendAsync(bytes).OrGiveUp()..];
        }
    }

    /// <summary>Sends each piece in a segment of its own, and lets the server see it alone.</summary>
    public async Task SendPiecesAsync(params IEnumerable<string> pieces)
    {
        foreach (var piece in pieces)
        {
            await SendAsync(piece);
            await Task.Delay(TimeSpan.FromMilliseconds(30));
        }
    }

    /// <summary>Step 6: ends the sending side, and goes on reading.</summary>
    public void HalfClose() => _socket.Shutdown(SocketShutdown.Send);

    /// <summary>Ends the connection with a reset, as the kernel does for a client that crashes.</summary>
    public void Reset() => _socket.Close(timeout: 0);

    /// <summary>Waits until the server ends the connection in good order, and returns what came before.</summary>
    public async Task<string> WaitForCloseAsync()
    {
        var received = new StringBuilder();
        var buffer = new byte[4096];
        while (await _socket.ReceiveAsync(buffer).OrGiveUp() is > 0 and var count)
        {
            received.Append(Encoding.Latin1.GetString(buffer, 0, count));
        }

        return received.ToString();
    }

    /// <summary>Waits until the server resets the connection; an end in good order is a failure.</summary>
    public async Task WaitForResetAsync()
    {
        var exception = await Assert.ThrowsAsync<SocketException>(WaitForCloseAsync);
        Assert.Equal(SocketError.ConnectionReset, exception.SocketErrorCode);
    }

    /// <summary>Closes without a care for what may still come.</summary>
    public void Dispose() => _socket.Dispose();
}
