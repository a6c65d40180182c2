using System.Threading.Channels;

namespace AccioKestrel.Tests.Hosting;

/// <summary>A receiver of a host: keeps the results until the test takes them.</summary>
internal sealed class ResultQueue : IResultReceiver
{
    private readonly Channel<CompletedExchange> _results = Channel.CreateUnbounded<CompletedExchange>();

    public bool IsEmpty => _results.Reader.Count == 0;

    public ValueTask ReceiveAsync(CompletedExchange result, CancellationToken cancellationToken)
    {
        Assert.True(_results.Writer.TryWrite(result));
        return ValueTask.CompletedTask;
    }

    public Task<CompletedExchange> NextAsync() => _results.Reader.ReadAsync().AsTask().OrGiveUp();

    public async Task<(long Bytes, ExchangeFailure? Failure)> NextOutcomeAsync()
    {
        var result = await NextAsync();
        return (result.Bytes, result.Failure);
    }

    /// <summary>The size of the next counted file.</summary>
    public async Task<long> NextSizeAsync()
    {
        var (bytes, failure) = await NextOutcomeAsync();
        Assert.Null(failure);
        return bytes;
    }
}
