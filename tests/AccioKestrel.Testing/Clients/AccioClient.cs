using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace AccioKestrel.Testing;

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

    /// <summary>The limit of every wait of this client.</summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>When it has last begun to send, as a timestamp of <see cref="Stopwatch"/>; 0 before it has sent anything.</summary>
    public long LastSent { get; private set; }

    public int LocalPort => ((IPEndPoint)_socket.LocalEndPoint!).Port;

    /// <summary>Whether there is something to receive: bytes, an end or a reset.</summary>
    public bool HasInput => _socket.Poll(TimeSpan.Zero, SelectMode.SelectRead);

    public static Task<AccioClient> ConnectAsync(int port) => new AccioClient().ConnectAsync(new IPEndPoint(IPAddress.Loopback, port));

    /// <returns>This client. It is disposed if it cannot connect.</returns>
    public async Task<AccioClient> ConnectAsync(IPEndPoint server)
    {
        try
        {
            await _socket.ConnectAsync(server).WaitAsync(Limit);
            return this;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Everything from the first command to the server's end of the connection, as the protocol has it.</summary>
    public async Task TransferAsync(int fileSize)
    {
        await TransferUnansweredAsync(fileSize);
        if (await WaitForCloseAsync() is { Length: > 0 } unasked)
        {
            throw new PeerException("the end of the connection", Accio.Printable(unasked));
        }
    }

    /// <summary>All steps, but not the server's end of the connection.</summary>
    public async Task TransferUnansweredAsync(int fileSize)
    {
        // Made before the exchange begins: a large one takes a while, which must not look like silence.
        var file = Accio.FileOf(fileSize);
        await ConfirmBothAsync();
        await SendAsync(file);
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
        PeerException.ThrowUnlessEqual(Accio.Command, await ReceiveAsync(Accio.Command.Length));
    }

    /// <summary>Receives once.</summary>
    /// <param name="most">How many bytes at the most.</param>
    /// <returns>What came; nothing at the end of the connection.</returns>
    public async Task<string> ReceiveAsync(int most)
    {
        var buffer = new byte[most];
        var count = await _socket.ReceiveAsync(buffer).WaitAsync(Limit);
        return Encoding.Latin1.GetString(buffer, 0, count);
    }

    /// <summary>Sees that nothing comes for a while, neither bytes nor an end.</summary>
    public async Task ExpectSilenceAsync(double seconds = 0.3)
    {
        // No thread waits: the thread pool of a machine with one core has few, and other tests run at the same time.
        await Task.Delay(TimeSpan.FromSeconds(seconds));
        if (HasInput)
        {
            throw new PeerException("nothing, for the client's next step is missing", await DescribeInputAsync());
        }
    }

    public Task SendFirstConfirmationAsync() => SendAsync(Accio.FirstConfirmation);

    public Task SendSecondConfirmationAsync() => SendAsync(Accio.SecondConfirmation);

    public Task SendAsync(string text) => SendAsync(Accio.Bytes(text));

    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        LastSent = Stopwatch.GetTimestamp();
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await _socket.SendAsync(bytes).AsTask().WaitAsync(Limit)..];
        }
    }

    /// <summary>Sends one byte that TCP marks as urgent.</summary>
    public void SendUrgent() => _socket.Send("!"u8, SocketFlags.OutOfBand);

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

    /// <summary>Waits until the server closes the connection without a reset, and returns what came before.</summary>
    public async Task<string> WaitForCloseAsync()
    {
        var received = new StringBuilder();
        var buffer = new byte[4096];
        while (await _socket.ReceiveAsync(buffer).WaitAsync(Limit) is > 0 and var count)
        {
            received.Append(Encoding.Latin1.GetString(buffer, 0, count));
        }

        return received.ToString();
    }

    /// <summary>Waits until the server resets the connection; a close without a reset is a failure.</summary>
    public async Task WaitForResetAsync()
    {
        try
        {
            var received = await WaitForCloseAsync();
            throw new PeerException("a reset", received.Length == 0 ? "a FIN" : Accio.Printable(received));
        }
        catch (SocketException exception) when (exception.SocketErrorCode is SocketError.ConnectionReset)
        {
        }
    }

    /// <summary>Closes without a care for what may still come.</summary>
    public void Dispose() => _socket.Dispose();

    private async Task<string> DescribeInputAsync()
    {
        try
        {
            return await ReceiveAsync(64) is { Length: > 0 } bytes ? Accio.Printable(bytes) : "the end of the connection";
        }
        catch (SocketException)
        {
            return "a reset of the connection";
        }
    }
}
