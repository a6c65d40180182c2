namespace AccioKestrel.Checker;

/// <summary>One check and what it has found.</summary>
internal sealed record CheckResult(Check Check, Verdict Verdict, Finding? Finding, IReadOnlyList<SubCheck> SubChecks, TimeSpan Elapsed)
{
    /// <summary>All or nothing. What cannot be checked, and what is only not strict, costs no points.</summary>
    public int Points => Verdict is Verdict.Fail or Verdict.Skipped ? 0 : Check.Points;
}
