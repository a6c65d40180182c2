namespace AccioKestrel.Tests.Check;

/// <summary>How a run of the checker has ended.</summary>
internal sealed record CheckerRun(int Code, string Output, string Errors);
