using System.Net;
using Microsoft.Extensions.Time.Testing;

namespace AccioKestrel.Tests.Terminal;

/// <summary>What a terminal of each width shows of the exchange in progress.</summary>
public sealed class ProgressLineTests
{
    private static readonly TimeSpan s_idleTimeout = TimeSpan.FromSeconds(10);

    [Theory]
    [InlineData(79, 0.4, "  192.0.2.7:40222  waiting for confirm-accio-again, 2 waiting")]
    [InlineData(81, 3.9, "  192.0.2.7:40222  waiting for confirm-accio-again, silent 3 s of 10 s, 2 waiting")]
    [InlineData(80, 3.9, "  waiting for confirm-accio-again, silent 3 s of 10 s, 2 waiting")]
    [InlineData(60, 3.9, "  waiting for confirm-accio-again, silent 3 s of 10 s")]
    [InlineData(50, 3.9, "  waiting for confirm-accio-again, silent 3 s")]
    [InlineData(40, 3.9, "  confirm-accio-again, silent 3 s")]
    [InlineData(39, 0.4, "  waiting for confirm-accio-again")]
    [InlineData(21, 3.9, "  confirm-accio-again")]
    [InlineData(19, 3.9, "  …firm-accio-again")]
    [InlineData(10, 3.9, "  …o-again")]
    public void SecondConfirmation(int room, double silence, string line) => AssertLine(line, ExchangeStep.SecondConfirmation, room, silence);

    [Theory]
    [InlineData(79, 3.9, "  192.0.2.7:40222  waiting for confirm-accio, silent 3 s of 10 s, 2 waiting")]
    [InlineData(39, 3.9, "  waiting for confirm-accio, silent 3 s")]
    [InlineData(35, 3.9, "  confirm-accio, silent 3 s of 10 s")]
    [InlineData(19, 3.9, "  confirm-accio")]
    [InlineData(10, 3.9, "  …m-accio")]
    [InlineData(2, 3.9, "  ")]
    public void FirstConfirmation(int room, double silence, string line) => AssertLine(line, ExchangeStep.FirstConfirmation, room, silence);

    [Theory]
    [InlineData(79, 0.4, "  192.0.2.7:40222  2.00 KiB, 500 KiB/s, 0:01:00, 2 waiting")]
    [InlineData(79, 3.9, "  192.0.2.7:40222  2.00 KiB, silent 3 s of 10 s, 0:01:03, 2 waiting")]
    [InlineData(50, 3.9, "  2.00 KiB, silent 3 s of 10 s, 0:01:03, 2 waiting")]
    [InlineData(39, 0.4, "  2.00 KiB, 500 KiB/s, 2 waiting")]
    [InlineData(39, 3.9, "  2.00 KiB, silent 3 s of 10 s")]
    [InlineData(24, 3.9, "  2.00 KiB, silent 3 s")]
    [InlineData(19, 0.4, "  2.00 KiB")]
    [InlineData(19, 3.9, "  2.00 KiB")]
    public void File(int room, double silence, string line) => AssertLine(line, ExchangeStep.File, room, silence);

    [Fact]
    public void SilenceOfALimitWithFractions_IsShownAgainstIt()
    {
        var time = new FakeTimeProvider();
        var record = new ActiveExchange("00000001", peer: null, time) { Step = ExchangeStep.TlsHandshake };
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.EndsWith(
            "  shaking hands for TLS, silent 1 s of 2.5 s",
            ProgressLine.Of(record, bytesPerSecond: 0, waiting: 0, TimeSpan.FromSeconds(2.5), room: 100), StringComparison.Ordinal);
    }

    private static void AssertLine(string line, ExchangeStep step, int room, double silence)
    {
        var time = new FakeTimeProvider();
        var record = new ActiveExchange("00000001", new IPEndPoint(new IPAddress([192, 0, 2, 7]), 40_222), time) { Step = step };
        time.Advance(TimeSpan.FromMinutes(1));
        record.Count(2048);
        time.Advance(TimeSpan.FromSeconds(silence));
        Assert.Equal(line, ProgressLine.Of(record, bytesPerSecond: 512_000, waiting: 2, s_idleTimeout, room));
    }
}
