namespace AccioKestrel.Testing;

/// <summary>The limit of every wait of these tests. Only a defect makes a wait take so long.</summary>
internal static class Patience
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan s_pollInterval = TimeSpan.FromMilliseconds(5);

    public static Task OrGiveUp(this Task task) => task.WaitAsync(Limit, TestContext.Current.CancellationToken);

    public static Task<T> OrGiveUp<T>(this Task<T> task) => task.WaitAsync(Limit, TestContext.Current.CancellationToken);

    public static Task OrGiveUp(this ValueTask task) => task.AsTask().OrGiveUp();

    public static Task<T> OrGiveUp<T>(this ValueTask<T> task) => task.AsTask().OrGiveUp();

    /// <summary>Waits until a state of the kernel is as expected. Polls, because the kernel gives no notice of the change.</summary>
    public static Task UntilEqual<T>(T expected, Func<T> actual) => UntilEqual(expected, actual, Limit);

    public static async Task UntilEqual<T>(T expected, Func<T> actual, TimeSpan limit)
    {
        for (var end = DateTime.UtcNow + limit; DateTime.UtcNow < end;)
        {
            if (Equals(actual(), expected))
            {
                return;
            }

            await Task.Delay(s_pollInterval, TestContext.Current.CancellationToken);
        }

        Assert.Equal(expected, actual());
    }
}
