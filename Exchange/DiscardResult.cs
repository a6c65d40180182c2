namespace AccioKestrel;

/// <summary>What <see cref="IDiscardingReader.DiscardAsync"/> did; to a count what <c>ReadResult</c> is to bytes.</summary>
/// <param name="Count">The number of bytes discarded.</param>
/// <param name="IsCanceled">Whether it was woken by a canceled read.</param>
/// <param name="IsCompleted">Whether the client has ended its sending side, so that nothing will follow.</param>
internal readonly record struct DiscardResult(long Count, bool IsCanceled, bool IsCompleted);
