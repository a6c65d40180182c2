namespace AccioKestrel.Tests.Exchange;

public sealed class ExchangeTests : IDisposable
{
    private const string Command = "accio\r\n";
    private const string First = "confirm-accio\r\n";
    private const string Second = "confirm-accio-again\r\n\r\n";

    private readonly ExchangeHarness _server = new();

    public void Dispose() => _server.Dispose();

    [Fact]
    public void Exchange_StepByStep_AnswersEachStepInTurn()
    {
        var client = _server.Connect();
        Assert.Equal(Command, client.Heard);

        client.Send("confirm-accio\r");
        Assert.Equal(Command, client.Heard);
        client.Send("\n");
        Assert.Equal(Command + Command, client.Heard);

        client.Send(Second).Send("12345");
        Assert.False(client.IsServed);
        client.End();
        Assert.True(client.IsServed);
        Assert.Equal(["5"], _server.Lines);
    }

    [Fact]
    public void Exchange_AllBytesAtOnce_CountsOnlyTheFile()
    {
        _server.Connect().Send(First + Second + "\r\n" + Second).End();
        Assert.Equal(["25"], _server.Lines);
    }

    [Theory]
    [InlineData("")]
    [InlineData("confirm")]
    [InlineData(First)]
    [InlineData(First + "confirm-accio-again\r\n")]
    [InlineData(First + "confirm-accio-again\r\n\r")]
    public void Exchange_EndBeforeTheHeader_IsAnError(string sent)
    {
        _server.Connect().Send(sent).End();
        Assert.Equal(["ERROR"], _server.Lines);
        Assert.Equal(ExchangeFailure.EndedEarly, _server.LastFailure);
    }

    [Fact]
    public void Exchange_WrongByteAtAnyPosition_EndsAtThatByte()
    {
        const string header = First + Second;
        for (var position = 0; position < header.Length; position++)
        {
            var client = _server.Connect().Send(header[..position]);
            Assert.False(client.IsServed);
            client.Send("#");
            Assert.True(client.IsServed);
            Assert.Equal(ExchangeFailure.WrongByte, _server.LastFailure);
        }
    }

    [Fact]
    public async Task Connection_IsAborted_OnlyIfTheClientMayStillBeSending()
    {
        var counted = _server.Connect().Send(First + Second);
        counted.End();
        var wrong = _server.Connect().Send("#");
        var early = _server.Connect().Send(First);
        early.End();
        var gone = _server.Connect();
        gone.Reset();
        var silent = _server.Connect().Send(First);
        _server.Time.Advance(TimeSpan.FromSeconds(11));
        var stopped = _server.Connect();
        _server.StopServer();

        // An abort is carried out by another thread, and the last one after all others.
        await Patience.UntilEqual(true, () => silent.IsAborted && stopped.IsAborted);
        Assert.All([counted, wrong, early, gone], client => Assert.True(client is { IsServed: true, IsAborted: false }));
    }

    [Theory]
    [InlineData("")]
    [InlineData(First + Second + "12345")]
    public async Task Transport_ThatFailsInAnUnforeseenWay_CostsTheClientItsFileAndNoLine(string sent)
    {
        // Also a load balancer's connection: it was no health check.
        var client = _server.Connect(fromBalancer: true).Send(sent);
        client.Break();
        Assert.Equal(["ERROR"], _server.Lines);
        Assert.Equal(ExchangeFailure.Defect, _server.LastFailure);
        // An orderly close would look like success.
        await Patience.UntilEqual(true, () => client.IsAborted);
    }

    [Theory]
    [InlineData("")]
    [InlineData(First)]
    [InlineData(First + Second + "12345")]
    public void Exchange_Reset_IsAnErrorAndNeverAnEnd(string sent)
    {
        _server.Connect().Send(sent).Reset();
        Assert.Equal(["ERROR"], _server.Lines);
        Assert.Equal(ExchangeFailure.Reset, _server.LastFailure);
    }

    [Theory]
    [InlineData("")]
    [InlineData("confirm")]
    [InlineData(First)]
    [InlineData(First + "confirm-accio-again\r\n\r")]
    [InlineData(First + Second)]
    [InlineData(First + Second + "12345")]
    public void IdleTimeout_AtAnyStep_EndsBetweenTenAndTenAndAHalfSeconds(string sent)
    {
        var client = _server.Connect();
        _server.Time.Advance(TimeSpan.FromSeconds(9.9));
        client.Send(sent);
        if (sent.Length > 0)
        {
            // The silence starts again with the last byte.
            _server.Time.Advance(TimeSpan.FromSeconds(9.9));
        }

        _server.Time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.False(client.IsServed);
        _server.Time.Advance(TimeSpan.FromSeconds(0.4));
        Assert.True(client.IsServed);
        Assert.Equal(["ERROR"], _server.Lines);
        Assert.Equal(ExchangeFailure.IdleTimeout, _server.LastFailure);
    }

    [Fact]
    public void IdleTimeout_AByteEveryNineSeconds_IsInOrder()
    {
        var client = _server.Connect();
        foreach (var character in First + Second + "0123456789")
        {
            _server.Time.Advance(TimeSpan.FromSeconds(9));
            client.Send(character.ToString());
        }

        client.End();
        Assert.Equal(["10"], _server.Lines);
    }

    [Fact]
    public async Task Turn_SecondClient_HearsNothingUntilTheFirstIsServed()
    {
        var first = _server.Connect();
        var second = _server.Connect();
        // Its ten seconds do not begin before its turn.
        _server.Time.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal("", second.Heard);

        first.Send(First + Second).End();
        Assert.Equal(Command, await second.UntilHeard());
        _server.Time.Advance(TimeSpan.FromSeconds(9));
        second.Send(First + Second + "1").End();
        await second.UntilServed();
        Assert.Equal(["0", "1"], _server.Lines);
    }

    [Fact]
    public async Task Stop_DuringTheHandshake_EndsAtOnceAndServesNoOtherClient()
    {
        var served = _server.Connect().Send(First);
        var waiting = _server.Connect();
        _server.StopServer();
        Assert.True(served.IsServed);
        await waiting.UntilServed();
        Assert.Equal("", waiting.Heard);
        Assert.Equal(["ERROR"], _server.Lines);
        Assert.Equal(ExchangeFailure.ServerStopped, _server.LastFailure);
    }

    // Kestrel asks the connections to close one after another: here the one that has the turn is asked first.
    [Fact]
    public async Task Stop_ThatReachesTheServedClientFirst_ServesNoOtherClient()
    {
        var served = _server.Connect().Send(First + Second + "123");
        var waiting = _server.Connect();
        _server.BeginStop();
        served.End();
        await waiting.UntilServed();
        Assert.Equal("", waiting.Heard);
        Assert.Equal(["3"], _server.Lines);
    }

    [Fact]
    public void Stop_DuringTheFile_LetsItEnd()
    {
        var client = _server.Connect().Send(First + Second + "123");
        _server.StopServer();
        _server.Time.Advance(TimeSpan.FromSeconds(4.9));
        Assert.False(client.IsServed);
        client.Send("45").End();
        Assert.Equal(["5"], _server.Lines);
    }

    [Fact]
    public void Stop_DuringTheFile_EndsItWithTheAbort()
    {
        var client = _server.Connect().Send(First + Second + "123");
        _server.StopServer();
        _server.Time.Advance(TimeSpan.FromSeconds(4.9));
        Assert.False(client.IsServed);
        _server.AbortConnections();
        Assert.True(client.IsServed);
        Assert.Equal(["ERROR"], _server.Lines);
        Assert.Equal(ExchangeFailure.ServerStopped, _server.LastFailure);
    }
}
