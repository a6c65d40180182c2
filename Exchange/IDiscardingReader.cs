using System.IO.Pipelines;

namespace AccioKestrel.Exchange;

/// <summary>
/// A connection's input that can discard bytes without copying them into the process. The bytes of a file are only counted, so
/// their content is not needed.
/// </summary>
internal interface IDiscardingReader
{
    /// <summary>
    /// Discards the bytes that have come; waits if none have. Call it only between reads: after
    /// <see cref="PipeReader.AdvanceTo(SequencePosition)"/>. Ends and fails like <see cref="PipeReader.ReadAsync"/>,
    /// and <see cref="PipeReader.CancelPendingRead"/> wakes it in the same way.
    /// </summary>
    ValueTask<DiscardResult> DiscardAsync();
}
