namespace AccioKestrel.Tests.Status;

/// <summary>Numbers of bytes for people.</summary>
public sealed class ByteTextTests
{
    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(5, "5 B")]
    [InlineData(999, "999 B")]
    [InlineData(1000, "0.98 KiB")]
    [InlineData(1024, "1.00 KiB")]
    [InlineData(10_239, "10.0 KiB")]
    [InlineData(102_400, "100 KiB")]
    [InlineData(1_048_575, "1.00 MiB")]
    [InlineData(17_179_869_184, "16.0 GiB")]
    [InlineData(long.MaxValue, "8.00 EiB")]
    public void Size_HasThreeDigitsAndABinaryUnit(long bytes, string text) => Assert.Equal(text, ByteText.Size(bytes));

    [Theory]
    [InlineData(5, 0.0004, "in less than 1 ms")]
    [InlineData(5, 0.0042, "in 4 ms")]
    [InlineData(20_480, 0.0099, "in 10 ms")]
    [InlineData(20_480, 0.02, "in 20 ms, 0.98 MiB/s")]
    [InlineData(0, 0.5, "in 500 ms")]
    [InlineData(1024, 0.9996, "in 1.00 s, 1.00 KiB/s")]
    [InlineData(1024, 3.18, "in 3.18 s, 322 B/s")]
    [InlineData(60, 59.996, "in 0:00:59, 1 B/s")]
    [InlineData(90_000, 90_000, "in 25:00:00, 1 B/s")]
    public void InTime_ShowsNoZero_AndNoRateOfNextToNoTime(long bytes, double seconds, string text) =>
        Assert.Equal(text, ByteText.InTime(bytes, TimeSpan.FromSeconds(seconds)));

    [Fact]
    public void RecentRate_IsTheGrowthOverTheLastLooks()
    {
        var rate = new RecentRate();
        Assert.Equal(0, rate.Sample(1000, TimeSpan.FromSeconds(1)));
        Assert.Equal(500, rate.Sample(1500, TimeSpan.FromSeconds(2)));
        Assert.Equal(500, rate.Sample(2000, TimeSpan.FromSeconds(3)));
        for (var second = 4; second < 10; second++)
        {
            rate.Sample(2000, TimeSpan.FromSeconds(second));
        }

        Assert.Equal(0, rate.Sample(2000, TimeSpan.FromSeconds(10)));
    }
}
