namespace AccioKestrel.Checker;

/// <summary>All that is checked of a server: the sixteen criteria of the course, and what follows from its text beyond the points.</summary>
internal static partial class ServerChecks
{
    /// <summary>What most checks beyond the points build on.</summary>
    private static readonly string[] s_basics = ["small-value", "next-client"];

    public static IReadOnlyList<Check> All { get; } = [.. Course(), .. Arrival(), .. Faults(), .. Queue(), .. Resources(), .. Life()];
}
