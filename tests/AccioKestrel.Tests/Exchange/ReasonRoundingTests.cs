using System.Net;
using Microsoft.Extensions.Time.Testing;

namespace AccioKestrel.Tests.Exchange;

/// <summary>Numbers that are shown beside each other do not contradict each other.</summary>
public sealed class ReasonRoundingTests
{
    [Theory]
    [InlineData(3.18, "no byte for 3.1 s")]
    [InlineData(10.25, "no byte for 10.2 s")]
    [InlineData(10.99, "no byte for 10.9 s")]
    [InlineData(0.15, "no byte for 0.1 s")]
    public void Silence_IsNotRoundedUp_BeyondTheTimeOfTheExchange(double seconds, string text)
    {
        var time = new FakeTimeProvider();
        var exchange = new ActiveExchange("00000001", new IPEndPoint(IPAddress.Loopback, 1), time) { Step = ExchangeStep.File };
        time.Advance(TimeSpan.FromSeconds(seconds));
        Assert.Contains($"{text}, ", ExchangeWords.Reason(exchange, ExchangeFailure.IdleTimeout), StringComparison.Ordinal);
    }
}
