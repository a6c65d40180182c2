namespace AccioKestrel.Checker;

/// <summary>One thing that is checked.</summary>
/// <param name="Id">Its name on the command line and in reports.</param>
/// <param name="Criterion">The number of the course's criterion; null if it is beyond the points.</param>
/// <param name="Points">The points of the criterion; 0 beyond the points.</param>
/// <param name="Sentence">The course's sentence, or that of the protocol.</param>
/// <param name="RunAsync">Does it; throws a <see cref="FindingException"/> if the verdict is another than a pass.</param>
internal sealed record Check(string Id, int? Criterion, int Points, string Sentence, Func<CheckContext, Task> RunAsync)
{
    /// <summary>The checks without which this one makes no sense: if one of them has failed, this one is not run.</summary>
    public string[] Needs { get; init; } = [];

    /// <summary>The checks whose failure explains one of this one, which is run nevertheless, for its points.</summary>
    public string[] Follows { get; init; } = [];

    /// <summary>What it does, and what a wrong program does.</summary>
    public string Explanation { get; init; } = "";

    /// <summary>The usual mistake.</summary>
    public string? Hint { get; init; }

    /// <summary>Seconds that the check takes with a right program. The long ones are begun first.</summary>
    public int Seconds { get; init; } = 1;

    /// <summary>Whether it needs the program as a process, not only its port.</summary>
    public bool NeedsProcess { get; init; } = true;

    /// <summary>Its limit: a check that takes longer has failed.</summary>
    public TimeSpan Limit => TimeSpan.FromSeconds(90 + (4 * Seconds));
}
