using System.Globalization;

namespace AccioKestrel.Checker;

/// <summary>All that a run of checks has found.</summary>
/// <param name="Kind">What was checked: server or client.</param>
/// <param name="Arguments">The arguments of this program that say what is checked, the command first, to repeat a check.</param>
/// <param name="Seed">What makes the run repeatable.</param>
/// <param name="Results">The results in the order of the checks.</param>
/// <param name="Elapsed">How long it took.</param>
internal sealed record Report(string Kind, IReadOnlyList<string> Arguments, int Seed, IReadOnlyList<CheckResult> Results, TimeSpan Elapsed)
{
    public int Points => Results.Sum(result => result.Points);

    public int MaxPoints => Results.Sum(result => result.Check.Points);

    /// <summary>Points that were given because they could not be checked.</summary>
    public int Unchecked => Results.Where(result => result.Verdict is Verdict.Unavailable).Sum(result => result.Check.Points);

    public string Summary =>
        $"{Points} of {MaxPoints} points"
        + (Unchecked > 0 ? $", {Unchecked} of them for what cannot be checked here" : "")
        + $"; beyond the points {Results.Count(result => result.Check.Criterion is null && result.Verdict is Verdict.Pass)} of {Results.Count(result => result.Check.Criterion is null)} checks passed";

    /// <summary>The command that repeats one check.</summary>
    public string Repeat(Check check) =>
        string.Join(' ', new[] { "accio-check", Arguments[0], "--only", check.Id, "--seed", Seed.ToString(CultureInfo.InvariantCulture) }.Concat(Arguments.Skip(1).Select(Quoted)));

    /// <summary>An argument as a shell takes it.</summary>
    public static string Quoted(string argument) =>
        argument.Length > 0 && argument.All(character => char.IsAsciiLetterOrDigit(character) || "-_./=:,+@%{}".Contains(character, StringComparison.Ordinal))
            ? argument
            : $"'{argument.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
