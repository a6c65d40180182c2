namespace AccioKestrel.Testing;

/// <summary>Hostile clients of the status address, which end together.</summary>
internal sealed class HttpAdversaries(HttpAdversary[] adversaries) : IDisposable
{
    /// <summary>Waits until the server has ended the connection of each, and returns what came before.</summary>
    public Task<string[]> WaitForEndAsync() => Task.WhenAll(adversaries.Select(adversary => adversary.WaitForEndAsync()));

    public void Dispose()
    {
        foreach (var adversary in adversaries)
        {
            adversary.Dispose();
        }
    }
}
