using Microsoft.Extensions.Time.Testing;

namespace AccioKestrel.Tests.Exchange;

public sealed class LenientExchangeTests : IDisposable
{
    private const string Command = "accio\r\n";
    private const string First = "confirm-accio\r\n";
    private const string Second = "confirm-accio-again\r\n";

    private readonly ExchangeHarness _server = new(lenient: true);

    public void Dispose() => _server.Dispose();

    [Fact]
    public void Lenient_ClientThatWaitsForBothCommands_GetsTheSecondAfterTwoSeconds()
    {
        var client = _server.Connect();
        _server.Time.Advance(TimeSpan.FromSeconds(1.9));
        Assert.Equal(Command, client.Heard);
        _server.Time.Advance(TimeSpan.FromSeconds(0.2));
        Assert.Equal(Command + Command, client.Heard);
        client.Send(First + Second + "\r\n12345").End();
        Assert.Equal(Command + Command, client.Heard);
        Assert.Equal(["5"], _server.Lines);
    }

    [Fact]
    public void Lenient_TimerThatIsEarly_TheSecondCommandIsNotLate()
    {
        using var server = new ExchangeHarness(new AccioOptions { Lenient = true }, new EarlyTimers());
        var client = server.Connect();
        server.Time.Advance(TimeSpan.FromSeconds(1.999));
        Assert.Equal(Command, client.Heard);
        server.Time.Advance(TimeSpan.FromSeconds(0.101));
        Assert.Equal(Command + Command, client.Heard);
    }

    [Fact]
    public void Lenient_ClientThatHasBegunToConfirm_GetsTheSecondOnlyAfterIt()
    {
        var client = _server.Connect().Send("confirm");
        _server.Time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(Command, client.Heard);
        client.Send("-accio\r\n");
        Assert.Equal(Command + Command, client.Heard);
    }

    [Fact]
    public void Lenient_SilenceAfterTheUnaskedCommand_StillCountsFromTheFirst()
    {
        var client = _server.Connect();
        _server.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.False(client.IsServed);
        _server.Time.Advance(TimeSpan.FromSeconds(0.4));
        Assert.True(client.IsServed);
        Assert.Equal(ExchangeFailure.IdleTimeout, _server.LastFailure);
    }

    [Fact]
    public void Lenient_IdleTimeoutShorterThanItsPatience_IsNotLate()
    {
        using var server = new ExchangeHarness(new AccioOptions { Lenient = true, IdleTimeout = 1 });
        var client = server.Connect();
        server.Time.Advance(TimeSpan.FromSeconds(1.4));
        Assert.True(client.IsServed);
        Assert.Equal(ExchangeFailure.IdleTimeout, server.LastFailure);
    }

    [Fact]
    public void Lenient_HandshakeTimeoutShorterThanItsPatience_IsNotLate()
    {
        using var server = new ExchangeHarness(new AccioOptions { Lenient = true, HandshakeTimeout = 1 });
        var client = server.Connect();
        for (var i = 0; i < 6; i++)
        {
            server.Time.Advance(ExchangeLimits.CheckInterval);
        }

        Assert.True(client.IsServed);
        Assert.Equal(ExchangeFailure.HandshakeTimeout, server.LastFailure);
    }

    [Fact]
    public void Lenient_WaitAfterBothCommands_IsToldAsSuch()
    {
        _server.Connect();
        _server.Time.Advance(TimeSpan.FromSeconds(10));
        _server.Time.Advance(TimeSpan.FromSeconds(0.4));
        Assert.Equal("silent too long: no byte for 10.4 s, waiting for confirm-accio, second accio sent", _server.LastReason);
    }

    [Fact]
    public void Lenient_PauseBeforeTheFirstFileBytes_IsTheFiles()
    {
        using var server = new ExchangeHarness(new AccioOptions { Lenient = true, HandshakeTimeout = 1 });
        var client = server.Connect().Send(First + Second);
        server.Time.Advance(TimeSpan.FromSeconds(3));
        server.StopServer();
        client.Send("12").End();
        Assert.Equal(["2"], server.Lines);
    }

    [Fact]
    public void Lenient_HealthCheckThatStaysForTheSecondCommand_GetsNoLine()
    {
        var check = _server.Connect(fromBalancer: true);
        _server.Time.Advance(TimeSpan.FromSeconds(2.1));
        Assert.Equal(Command + Command, check.Heard);
        check.End();
        Assert.True(check.IsServed);
        Assert.Empty(_server.Lines);
    }

    [Fact]
    public void Lenient_Stop_EndsTheWaitForTheFirstByte()
    {
        var client = _server.Connect();
        _server.StopServer();
        Assert.True(client.IsServed);
    }

    [Theory]
    [InlineData("\r\n", 0)]
    [InlineData("\r\n12345", 5)]
    [InlineData("\r\n\r\n", 2)]
    [InlineData("", 0)]
    [InlineData("1", 1)]
    [InlineData("\r", 1)]
    [InlineData("\rX", 2)]
    [InlineData("\n\r", 2)]
    [InlineData("12345", 5)]
    public void Lenient_EmptyLine_IsDecidedByTheNextTwoBytes(string rest, int fileBytes)
    {
        _server.Connect().Send(First + Second + rest).End();
        var byteByByte = _server.Connect();
        foreach (var character in First + Second + rest)
        {
            byteByByte.Send(character.ToString());
        }

        byteByByte.End();
        Assert.Equal([$"{fileBytes}", $"{fileBytes}"], _server.Lines);
    }

    /// <summary>Its timers are due a millisecond too early, as real ones are when they count in coarser units than the clock.</summary>
    private sealed class EarlyTimers : FakeTimeProvider
    {
        private static readonly TimeSpan s_early = TimeSpan.FromMilliseconds(1);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            new EarlyTimer(base.CreateTimer(callback, state, dueTime, period));

        private sealed class EarlyTimer(ITimer timer) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(dueTime > s_early ? dueTime - s_early : dueTime, period);

            public void Dispose() => timer.Dispose();

            public ValueTask DisposeAsync() => timer.DisposeAsync();
        }
    }
}
