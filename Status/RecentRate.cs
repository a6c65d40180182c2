namespace AccioKestrel;

/// <summary>How fast a number has grown of late: over the last looks that were taken at it.</summary>
internal sealed class RecentRate
{
    /// <summary>Enough of them to be calm, few enough to be recent.</summary>
    private const int Looks = 5;

    private readonly Queue<(long Number, TimeSpan At)> _looks = new(Looks + 1);

    /// <summary>Takes a look.</summary>
    /// <param name="number">What the number is now.</param>
    /// <param name="at">When that is.</param>
    /// <returns>Its growth per second; 0 at the first look.</returns>
    public double Look(long number, TimeSpan at)
    {
        _looks.Enqueue((number, at));
        if (_looks.Count > Looks)
        {
            _looks.Dequeue();
        }

        var first = _looks.Peek();
        return at > first.At ? (number - first.Number) / (at - first.At).TotalSeconds : 0;
    }
}
