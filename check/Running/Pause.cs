namespace AccioKestrel.Checker;

/// <summary>The pauses between looks at a state of the kernel, which tells no one when it changes: short at first, then longer.</summary>
internal struct Pause
{
    private const int Longest = 30;

    private int _milliseconds;

    public int Next() => _milliseconds = _milliseconds == 0 ? 1 : Math.Min(Longest, 2 * _milliseconds);
}
