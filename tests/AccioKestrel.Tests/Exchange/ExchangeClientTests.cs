using System.Buffers;
using System.IO.Pipelines;
using Microsoft.Extensions.Time.Testing;

namespace AccioKestrel.Tests.Exchange;

/// <summary>What a read reports together after the process was held up: what had come, and that the time is over.</summary>
public sealed class ExchangeClientTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly AccioOptions _options = new();

    [Theory]
    [InlineData("", true, null)]
    [InlineData("x", true, null)]
    [InlineData("xy", true, null)]
    [InlineData("xy", false, null)]
    [InlineData("", false, ExchangeFailure.IdleTimeout)]
    public async Task Receive_WokenLate_IsJudgedByWhatHasCome(string bytes, bool ended, ExchangeFailure? failure)
    {
        var record = new ActiveExchange("test", peer: null, _time);
        _time.Advance(TimeSpan.FromSeconds(11));
        var reader = new LateReader(new ReadResult(new ReadOnlySequence<byte>(Accio.Bytes(bytes)), isCanceled: true, isCompleted: ended));
        using var client = new ExchangeClient(new Duplex(reader, new Pipe().Writer), record, _options.ToLimits(), _time, closeRequested: default);

        Assert.Equal(failure, await client.ReceiveAsync(atLeast: 2));
        Assert.Equal(ended, client.HasEndedSending);
        Assert.Equal(failure, await client.DiscardAsync());
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    private sealed class LateReader(ReadResult result) : PipeReader
    {
        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) => ValueTask.FromResult(result);

        public override bool TryRead(out ReadResult read) => throw new NotSupportedException();

        public override void AdvanceTo(SequencePosition consumed)
        {
        }

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
        {
        }

        public override void CancelPendingRead()
        {
        }

        public override void Complete(Exception? exception = null)
        {
        }
    }
}
