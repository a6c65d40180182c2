namespace AccioKestrel.Terminal;

/// <summary>Growth rate of a counter over its last samples.</summary>
internal sealed class RecentRate
{
    /// <summary>More samples would make the rate lag, fewer would make it jump.</summary>
    private const int Samples = 5;

    private readonly Queue<(long Number, TimeSpan At)> _samples = new(Samples + 1);

    /// <summary>Takes a sample.</summary>
    /// <param name="number">The counter.</param>
    /// <param name="at">The time of the sample.</param>
    /// <returns>The counter's growth per second; 0 at the first sample.</returns>
    public double Sample(long number, TimeSpan at)
    {
        _samples.Enqueue((number, at));
        if (_samples.Count > Samples)
        {
            _samples.Dequeue();
        }

        var first = _samples.Peek();
        return at > first.At ? (number - first.Number) / (at - first.At).TotalSeconds : 0;
    }
}
