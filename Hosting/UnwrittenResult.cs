namespace AccioKestrel.Hosting;

/// <summary>
/// The result that is being written to one place. It is reported as lost once at most: by the write that fails, or at the end of the host
/// while the write is still blocked.
/// </summary>
/// <param name="lost">Reports it.</param>
/// <param name="place">The place, in the words of the report.</param>
internal sealed class UnwrittenResult(LostResults lost, string place)
{
    private string? _line;

    /// <summary>The write begins.</summary>
    public void Begin(string line) => Volatile.Write(ref _line, line);

    /// <summary>The write has succeeded.</summary>
    public void End() => Volatile.Write(ref _line, null);

    /// <summary>Reports the result, if there is one that is not written.</summary>
    public void ReportLost(string reason)
    {
        if (Interlocked.Exchange(ref _line, null) is { } line)
        {
            lost.Report(line, place, reason);
        }
    }
}
