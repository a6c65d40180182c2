namespace AccioKestrel.Checker;

/// <summary>Ends a check with a verdict and its reason.</summary>
internal sealed class FindingException(Verdict verdict, Finding finding) : Exception(finding.Seen)
{
    public Verdict Verdict { get; } = verdict;

    public Finding Finding { get; } = finding;

    public static FindingException Fail(string expected, string seen, string? hint = null) => new(Verdict.Fail, new Finding(expected, seen, hint));

    public static FindingException Unavailable(string reason) => new(Verdict.Unavailable, new Finding(Expected: null, reason, Hint: null));
}
