namespace AccioKestrel.Tests.Exchange;

/// <summary>What an exchange may take of the only turn. All of it is off unless it is set.</summary>
public sealed class ExchangeLimitTests
{
    private const string First = "confirm-accio\r\n";
    private const string Second = "confirm-accio-again\r\n\r\n";

    [Fact]
    public void NoLimit_AByteEveryNineSeconds_IsServedForHours()
    {
        using var server = new ExchangeHarness();
        var client = server.Connect().Send(First + Second);
        for (var i = 0; i < 2000; i++)
        {
            server.Time.Advance(TimeSpan.FromSeconds(9));
            client.Send("x");
        }

        client.End();
        Assert.Equal(["2000"], server.Lines);
    }

    [Fact]
    public void MinDataRate_SlowerThanThat_EndsAfterTheGracePeriod()
    {
        using var server = new ExchangeHarness(new AccioOptions { MinDataRate = 100, MinDataRateGracePeriod = 5 });
        var client = server.Connect().Send(First + Second);
        for (var second = 0; second < 5; second++)
        {
            client.Send(new string('x', 50));
            server.Time.Advance(TimeSpan.FromSeconds(0.999));
            Assert.False(client.IsServed);
        }

        server.Time.Advance(ExchangeLimits.CheckInterval);
        Assert.Equal(ExchangeFailure.TooSlow, server.LastFailure);
        Assert.Equal(["ERROR"], server.Lines);
    }

    [Fact]
    public void MinDataRate_GracePeriodBelowASecond_Holds()
    {
        using var server = new ExchangeHarness(new AccioOptions { MinDataRate = 100, MinDataRateGracePeriod = 0.6 });
        var client = server.Connect().Send(First + Second);
        server.Time.Advance(TimeSpan.FromSeconds(0.5));
        Assert.False(client.IsServed);
        server.Time.Advance(ExchangeLimits.CheckInterval);
        Assert.Equal(ExchangeFailure.TooSlow, server.LastFailure);
    }

    [Fact]
    public void MinDataRate_AsFastAsThat_IsServedHoweverLong()
    {
        using var server = new ExchangeHarness(new AccioOptions { MinDataRate = 100 });
        var client = server.Connect().Send(First + Second);
        for (var second = 0; second < 1000; second++)
        {
            client.Send(new string('x', 100));
            server.Time.Advance(TimeSpan.FromSeconds(1));
        }

        client.End();
        Assert.Equal(["100000"], server.Lines);
    }

    [Fact]
    public void MinDataRate_FastAtFirst_MayLiveOnItsSavings()
    {
        using var server = new ExchangeHarness(new AccioOptions { MinDataRate = 100, IdleTimeout = 60 });
        var client = server.Connect().Send(First + Second).Send(new string('x', 2000));
        server.Time.Advance(TimeSpan.FromSeconds(19.9));
        Assert.False(client.IsServed);
        server.Time.Advance(TimeSpan.FromSeconds(0.5));
        Assert.Equal(ExchangeFailure.TooSlow, server.LastFailure);
    }

    [Fact]
    public void MinDataRate_OfTheHandshake_IsNotAsked()
    {
        using var server = new ExchangeHarness(new AccioOptions { MinDataRate = 1_000_000, MinDataRateGracePeriod = 2 });
        var client = server.Connect();
        server.Time.Advance(TimeSpan.FromSeconds(9));
        client.Send(First + Second);
        server.Time.Advance(TimeSpan.FromSeconds(1.9));
        Assert.False(client.IsServed);
        client.End();
        Assert.Equal(["0"], server.Lines);
    }

    [Theory]
    [InlineData("")]
    [InlineData(First)]
    [InlineData(First + "confirm-accio-again\r\n\r")]
    public void HandshakeTimeout_AByteNowAndThen_EndsTheHandshakeAllTheSame(string sent)
    {
        using var server = new ExchangeHarness(new AccioOptions { HandshakeTimeout = 15 });
        var client = server.Connect();
        server.Time.Advance(TimeSpan.FromSeconds(8));
        client.Send(sent.Length > 0 ? sent : "c");
        server.Time.Advance(TimeSpan.FromSeconds(6.9));
        Assert.False(client.IsServed);
        server.Time.Advance(ExchangeLimits.CheckInterval * 2);
        Assert.Equal(ExchangeFailure.HandshakeTimeout, server.LastFailure);
    }

    [Fact]
    public void HandshakeTimeout_OnceTheFileComes_IsOver()
    {
        using var server = new ExchangeHarness(new AccioOptions { HandshakeTimeout = 1 });
        var client = server.Connect().Send(First + Second);
        server.Time.Advance(TimeSpan.FromSeconds(9));
        client.Send("12345").End();
        Assert.Equal(["5"], server.Lines);
    }

    [Fact]
    public void MaxExchangeDuration_EndsWhateverIsGoingOn()
    {
        using var server = new ExchangeHarness(new AccioOptions { MaxExchangeDuration = 60 });
        var client = server.Connect().Send(First + Second);
        for (var second = 0; second < 59; second++)
        {
            client.Send("x");
            server.Time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.False(client.IsServed);
        server.Time.Advance(TimeSpan.FromSeconds(1.5));
        Assert.Equal(ExchangeFailure.TooLong, server.LastFailure);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(5, 5)]
    [InlineData(5, 3)]
    public void MaxFileSize_UpToIt_IsCounted(long limit, int size)
    {
        using var server = new ExchangeHarness(new AccioOptions { MaxFileSize = limit });
        server.Connect().Send(First + Second + new string('x', size)).End();
        Assert.Equal([FormattableString.Invariant($"{size}")], server.Lines);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    public void MaxFileSize_WithOneByteMore_EndsAtThatByte(int limit)
    {
        using var server = new ExchangeHarness(new AccioOptions { MaxFileSize = limit });
        var client = server.Connect().Send(First + Second + new string('x', limit));
        Assert.False(client.IsServed);
        client.Send("x");
        Assert.True(client.IsServed);
        Assert.Equal(ExchangeFailure.TooLarge, server.LastFailure);
    }

    [Fact]
    public void Limits_AllAtOnce_LeaveTheIdleTimeoutAsItIs()
    {
        using var server = new ExchangeHarness(new AccioOptions { HandshakeTimeout = 60, MaxExchangeDuration = 60, MinDataRate = 1, MinDataRateGracePeriod = 60 });
        var client = server.Connect();
        server.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.False(client.IsServed);
        server.Time.Advance(TimeSpan.FromSeconds(0.4));
        Assert.Equal(ExchangeFailure.IdleTimeout, server.LastFailure);
    }
}
