using System.IO.Pipelines;
using System.Net.Security;

namespace AccioKestrel.Fuzz;

/// <summary>
/// A script inside TLS: a real TLS client encrypts the script's bytes, and the reader gets the client's bytes on the wire. For a script
/// with <see cref="Script.Discards"/>, each byte on the wire comes alone.
/// </summary>
internal sealed class TlsScriptReader : ScriptReader, IDisposable
{
    private readonly ClientWire _wire;
    private readonly SslStream _client;
    private readonly bool _bytewise;
    private readonly bool _saysGoodbye;

    public TlsScriptReader(Script script, ScriptTime time, Action stop)
        : base(script, time, stop)
    {
        _bytewise = script.Discards;
        _saysGoodbye = script.MaxFileSize is null;
        _wire = new ClientWire(this);
        _client = new SslStream(_wire);
        // Goes on with each answer of the server, inside its write.
        Handshake = _client.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "fuzz", RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate?.Subject is "CN=fuzz" });
    }

    public Task Handshake { get; }

    /// <summary>Where the server's side of the wire goes.</summary>
    public void Answer(ReadOnlyMemory<byte> bytes) => _wire.Arrive(bytes);

    /// <summary>What the client has been told inside TLS, after the end.</summary>
    public byte[] Heard()
    {
        _wire.Arrive(ReadOnlyMemory<byte>.Empty);
        var heard = new MemoryStream();
        _client.CopyTo(heard);
        return heard.ToArray();
    }

    public void Dispose()
    {
        _client.Dispose();
        _wire.Dispose();
    }

    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        var result = await base.ReadAsync(cancellationToken);
        return _bytewise && result.Buffer.Length > 1 ? new ReadResult(result.Buffer.Slice(0, 1), result.IsCanceled, isCompleted: false) : result;
    }

    protected override void Send(ReadOnlyMemory<byte> bytes) => _client.Write(bytes.Span);

    protected override void SendEnd()
    {
        if (_saysGoodbye)
        {
            _client.ShutdownAsync().GetAwaiter().GetResult();
        }
    }

    /// <summary>What the client writes has come to the server when the write returns; a read waits for an answer.</summary>
    private sealed class ClientWire(TlsScriptReader server) : Stream
    {
        private readonly Queue<byte> _arrived = new();
        private TaskCompletionSource? _waits;
        private bool _ended;

        public override bool CanRead => true;

        public override bool CanWrite => true;

        public override bool CanSeek => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        /// <param name="bytes">None for the end.</param>
        public void Arrive(ReadOnlyMemory<byte> bytes)
        {
            _ended |= bytes.IsEmpty;
            foreach (var value in bytes.Span)
            {
                _arrived.Enqueue(value);
            }

            Interlocked.Exchange(ref _waits, null)?.SetResult();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_arrived.Count == 0 && !_ended && buffer.Length > 0)
            {
                _waits = new TaskCompletionSource();
                await _waits.Task;
            }

            return Read(buffer.Span);
        }

        public override int Read(Span<byte> buffer)
        {
            var count = Math.Min(buffer.Length, _arrived.Count);
            for (var i = 0; i < count; i++)
            {
                buffer[i] = _arrived.Dequeue();
            }

            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            server.Receive(buffer.ToArray());
            return default;
        }

        public override void Write(byte[] buffer, int offset, int count) => server.Receive(buffer.AsMemory(offset, count).ToArray());

        public override void Flush()
        {
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
