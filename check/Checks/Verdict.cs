namespace AccioKestrel.Checker;

/// <summary>What a check has found.</summary>
internal enum Verdict
{
    Pass,

    /// <summary>It works with the clients of the course, but the text says otherwise. It costs no points.</summary>
    NotStrict,

    Fail,

    /// <summary>Not judged, because a check that it builds on failed.</summary>
    Skipped,

    /// <summary>The environment does not let it be checked. It costs no points.</summary>
    Unavailable,
}
