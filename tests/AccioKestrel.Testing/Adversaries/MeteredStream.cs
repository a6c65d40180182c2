namespace AccioKestrel.Testing;

/// <summary>A connection whose bytes on the wire are in the test's hand: while it holds, what is written waits to be released.</summary>
internal sealed class MeteredStream(Stream wire) : Stream
{
    private readonly Queue<byte> _held = new();

    /// <summary>Whether what is written waits, instead of going out at once.</summary>
    public bool Holds { get; set; }

    /// <summary>How many bytes wait.</summary>
    public int Held
    {
        get
        {
            lock (_held)
            {
                return _held.Count;
            }
        }
    }

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Lets the next bytes out, in one segment.</summary>
    public async Task ReleaseAsync(int count)
    {
        byte[] bytes;
        lock (_held)
        {
            bytes = [.. Enumerable.Range(0, Math.Min(count, _held.Count)).Select(_ => _held.Dequeue())];
        }

        await wire.WriteAsync(bytes, TestContext.Current.CancellationToken);
    }

    /// <summary>Lets out one byte after the other, each in a segment of its own, but for the last one; then nothing.</summary>
    /// <returns>Ends when they are out, or when the server has ended the connection.</returns>
    public async Task TrickleAsync(TimeSpan pause)
    {
        try
        {
            while (Held > 1)
            {
                await Task.Delay(pause, TestContext.Current.CancellationToken);
                await ReleaseAsync(1);
            }
        }
        catch (IOException)
        {
            // The server has ended it.
        }
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => wire.ReadAsync(buffer, cancellationToken);

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!Holds)
        {
            await wire.WriteAsync(buffer, cancellationToken);
            return;
        }

        lock (_held)
        {
            foreach (var value in buffer.Span)
            {
                _held.Enqueue(value);
            }
        }
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            wire.Dispose();
        }

        base.Dispose(disposing);
    }
}
