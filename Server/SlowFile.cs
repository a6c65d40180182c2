using AccioKestrel.Terminal;

namespace AccioKestrel.Server;

/// <summary>Opens and reads files that can block for ever, such as a pipe without a writer.</summary>
internal static class SlowFile
{
    /// <summary>After this time a notice says what is being read. A file on a disk takes milliseconds.</summary>
    private static readonly TimeSpan s_readNotice = TimeSpan.FromSeconds(3);

    /// <summary>
    /// Waits for the end of an action on files. A signal ends the wait. If it takes long, a notice on standard error says what the server waits
    /// for.
    /// </summary>
    /// <param name="purpose">What is done with which files, to follow "Waiting to".</param>
    /// <param name="action">Does it.</param>
    /// <exception cref="OperationCanceledException">A signal came first.</exception>
    public static T RunUnlessStopped<T>(string purpose, Func<T> action)
    {
        using var notice = new Timer(
            _ => StandardError.WriteLine($"Waiting to {purpose}; a signal stops the server."), null, s_readNotice, Timeout.InfiniteTimeSpan);
        return Task.Run(action).WaitAsync(StopSignals.First).GetAwaiter().GetResult();
    }
}
