namespace AccioKestrel.Exchange;

/// <summary>The result of <see cref="IDiscardingReader.DiscardAsync"/>: a <c>ReadResult</c> with a count in place of the bytes.</summary>
/// <param name="Count">The number of bytes discarded.</param>
/// <param name="IsCanceled">Whether <c>CancelPendingRead</c> ended the wait.</param>
/// <param name="IsCompleted">Whether the client has ended its sending side, so that nothing will follow.</param>
internal readonly record struct DiscardResult(long Count, bool IsCanceled, bool IsCompleted);
