namespace AccioKestrel.Tests.Packaging;

/// <summary>Tests that build: one after another for they share folders, and after all others for these measure times.</summary>
[CollectionDefinition(nameof(OneAfterAnother), DisableParallelization = true)]
public sealed class OneAfterAnother;
