using Microsoft.Extensions.Time.Testing;

namespace AccioKestrel.Tests.Status;

/// <summary>So many at once, so many a second.</summary>
public sealed class PaceTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Wait_WithinTheCredit_IsNone()
    {
        var pace = new Pace(_time, perSecond: 10, atOnce: 3);

        Assert.Equal([true, true, true, false], Enumerable.Range(0, 4).Select(_ => Wait(pace).IsCompleted));
    }

    [Fact]
    public void Wait_BeyondTheCredit_IsInOrderAndOneForEachInterval()
    {
        var pace = new Pace(_time, perSecond: 10, atOnce: 1);
        var waits = Enumerable.Range(0, 4).Select(_ => Wait(pace)).ToArray();

        for (var over = 1; over < waits.Length; over++)
        {
            Assert.Equal(over, waits.Count(wait => wait.IsCompleted));
            Assert.True(waits[over - 1].IsCompleted);
            _time.Advance(TimeSpan.FromSeconds(0.1));
        }
    }

    [Fact]
    public void Credit_DoesNotGrowBeyondItsLimit()
    {
        var pace = new Pace(_time, perSecond: 10, atOnce: 2);
        _time.Advance(TimeSpan.FromDays(1));

        Assert.Equal([true, true, false], Enumerable.Range(0, 3).Select(_ => Wait(pace).IsCompleted));
    }

    [Fact]
    public async Task Wait_Canceled_Ends()
    {
        var pace = new Pace(_time, perSecond: 1, atOnce: 1);
        using var canceled = new CancellationTokenSource();
        await Wait(pace);
        var wait = pace.WaitAsync(canceled.Token);
        await canceled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait);
    }

    private static Task Wait(Pace pace) => pace.WaitAsync(TestContext.Current.CancellationToken);
}
