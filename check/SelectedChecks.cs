namespace AccioKestrel.Checker;

/// <summary>The checks that were asked for.</summary>
internal static class SelectedChecks
{
    /// <summary>Those named by <c>--only</c>, or all, without those named by <c>--skip</c>. A name is an id or a criterion's number.</summary>
    /// <param name="checks">All of them.</param>
    /// <param name="only">Names; none for all.</param>
    /// <param name="skip">Names.</param>
    public static IReadOnlyList<Check> Of(IReadOnlyList<Check> checks, IReadOnlyList<string> only, IReadOnlyList<string> skip)
    {
        if (only.Concat(skip).FirstOrDefault(name => !checks.Any(check => IsNamed(check, name))) is { } unknown)
        {
            throw Unknown(unknown, checks);
        }

        return [.. checks.Where(check => (only.Count == 0 || only.Any(name => IsNamed(check, name))) && !skip.Any(name => IsNamed(check, name)))];
    }

    public static UsageException Unknown(string name, IEnumerable<Check> checks) =>
        new($"There is no check {Accio.Printable(name)}.{(Usage.Suggestion(name, checks.Select(check => check.Id)) is { Length: > 0 } suggestion ? suggestion : " accio-check list shows all.")}");

    public static bool IsNamed(Check check, string name) =>
        string.Equals(check.Id, name, StringComparison.Ordinal) || string.Equals(check.Criterion is { } criterion ? CheckContext.Number(criterion) : null, name, StringComparison.Ordinal);
}
