namespace AccioKestrel.Checker;

/// <summary>All that is checked of a client: the criteria of the course, and what follows from its text beyond the points.</summary>
internal static partial class ClientChecks
{
    /// <summary>What most checks beyond the points build on.</summary>
    private static readonly string[] s_basics = ["small"];

    public static IReadOnlyList<Check> All { get; } = [.. Course(), .. Beyond()];
}
