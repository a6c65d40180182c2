using System.IO.Pipelines;

namespace AccioKestrel;

/// <summary>
/// What the input of a connection can offer beside reading: to take bytes off the connection without showing them.
/// The bytes of a file are only counted, so whoever can skip bringing them into the process should.
/// </summary>
internal interface IDiscardingReader
{
    /// <summary>
    /// Discards what has come, or, if nothing has, waits for it. Call it only between reads: after
    /// <see cref="PipeReader.AdvanceTo(SequencePosition)"/>. Ends and fails like <see cref="PipeReader.ReadAsync"/>,
    /// and <see cref="PipeReader.CancelPendingRead"/> wakes it in the same way.
    /// </summary>
    ValueTask<DiscardResult> DiscardAsync();
}
