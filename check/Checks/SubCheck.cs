namespace AccioKestrel.Checker;

/// <summary>One part of a check.</summary>
/// <param name="Name">What was tried.</param>
/// <param name="Passed">Whether it was as expected.</param>
/// <param name="Detail">What was seen.</param>
internal sealed record SubCheck(string Name, bool Passed, string Detail);
