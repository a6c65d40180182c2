using Microsoft.Extensions.Time.Testing;

namespace AccioKestrel.Tests.Exchange;

public sealed class ActiveExchangeTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly ActiveExchange _exchange;

    public ActiveExchangeTests() => _exchange = new ActiveExchange("test", peer: null, _time);

    [Fact]
    public void End_StopsItsTimes_WhileTheResultIsWritten()
    {
        _time.Advance(TimeSpan.FromSeconds(1));
        _exchange.Heard();
        _time.Advance(TimeSpan.FromSeconds(2));
        var result = _exchange.End(failure: null);
        _time.Advance(TimeSpan.FromSeconds(40));
        Assert.Equal(TimeSpan.FromSeconds(3), result.Duration);
        Assert.Equal(TimeSpan.FromSeconds(3), _exchange.Elapsed);
        Assert.Equal(TimeSpan.FromSeconds(2), _exchange.Silence);
    }

    [Fact]
    public void Reset_WhileTheSecondCommandIsSent_IsNoWaitForAConfirmation()
    {
        _exchange.Step = ExchangeStep.SecondCommand;
        Assert.Equal("connection reset: sending accio again", _exchange.End(ExchangeFailure.Reset).Reason);
    }

    [Fact]
    public void Heard_InAnyStep_IsTheEndOfAnUntouchedConnection()
    {
        Assert.True(_exchange.IsUntouched);
        _exchange.Heard();
        Assert.False(_exchange.IsUntouched);
    }
}
