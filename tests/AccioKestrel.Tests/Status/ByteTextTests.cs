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

    [Fact]
    public void RecentRate_IsTheGrowthOverTheLastLooks()
    {
        var rate = new RecentRate();
        Assert.Equal(0, rate.Look(1000, TimeSpan.FromSeconds(1)));
        Assert.Equal(500, rate.Look(1500, TimeSpan.FromSeconds(2)));
        Assert.Equal(500, rate.Look(2000, TimeSpan.FromSeconds(3)));
        for (var second = 4; second < 10; second++)
        {
            rate.Look(2000, TimeSpan.FromSeconds(second));
        }

        Assert.Equal(0, rate.Look(2000, TimeSpan.FromSeconds(10)));
    }
}
