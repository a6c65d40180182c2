using System.IO.Pipelines;
using System.Net.Security;
using AccioKestrel.Exchange;

namespace AccioKestrel.Hosting;

/// <summary>The decrypted side of a connection with TLS. It can be used only after the handshake.</summary>
internal sealed class TlsTransport(IDuplexPipe outer, Func<CancellationToken, ValueTask<SslServerAuthenticationOptions>> options)
    : IDuplexPipe, ITlsHandshake, IAsyncDisposable
{
    /// <summary>The largest content of a TLS record. A smaller buffer would need two reads for each record.</summary>
    private const int RecordLength = 16 * 1024;

    private readonly SslStream _stream = new(new DuplexPipeStream(outer));
    private PipeReader? _input;
    private PipeWriter? _output;

    public PipeReader Input => _input ?? throw BeforeHandshake();

    public PipeWriter Output => _output ?? throw BeforeHandshake();

    private static InvalidOperationException BeforeHandshake() =>
        new("There was no TLS handshake yet. UseAccioTls is for Accio endpoints, whose handler does the handshake, and comes behind all other middleware.");

    public async Task ShakeHandsAsync(CancellationToken cancellationToken)
    {
        await _stream.AuthenticateAsServerAsync(await options(cancellationToken), cancellationToken);
        _input = PipeReader.Create(_stream, new StreamPipeReaderOptions(bufferSize: RecordLength, leaveOpen: true));
        _output = PipeWriter.Create(_stream, new StreamPipeWriterOptions(leaveOpen: true));
    }

    public async ValueTask DisposeAsync()
    {
        if (_input is not null)
        {
            await _input.CompleteAsync();
            await SendCloseNotifyAsync();
        }

        await _stream.DisposeAsync();
    }

    /// <summary>Ends TLS. Without this alert, the client could not distinguish the server's close from a connection that an attacker cut.</summary>
    private async ValueTask SendCloseNotifyAsync()
    {
        try
        {
            // Do not wait for a client that leaves no room for the alert.
            outer.Output.CancelPendingFlush();
            await _stream.ShutdownAsync();
        }
        catch (Exception)
        {
            // The client has gone, the connection was aborted, or the client has broken TLS, which the TLS library says in an
            // exception of its own: nothing can be sent.
        }
    }
}
