namespace AccioKestrel.Tests.EndToEnd;

/// <summary>The tests that measure time: they run one by one, after all others, so that none of those disturbs them.</summary>
[CollectionDefinition(DisableParallelization = true)]
public sealed class Timing;
