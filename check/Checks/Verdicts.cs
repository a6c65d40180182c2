namespace AccioKestrel.Checker;

/// <summary>The verdicts by their names.</summary>
internal static class Verdicts
{
    /// <summary>The name in reports and on the terminal.</summary>
    public static string Name(this Verdict verdict) => verdict switch
    {
        Verdict.Pass => "pass",
        Verdict.NotStrict => "not strict",
        Verdict.Fail => "fail",
        Verdict.Skipped => "skipped",
        _ => "unavailable",
    };
}
