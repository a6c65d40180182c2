namespace AccioKestrel.Status;

/// <summary>What a viewer of the event stream has seen.</summary>
/// <param name="Ended">How many ended exchanges, or -1 if it has seen nothing yet.</param>
/// <param name="Samples">How many samples of the rate.</param>
internal readonly record struct StatusCursor(long Ended, long Samples)
{
    public static readonly StatusCursor None = new(Ended: -1, Samples: 0);
}
