namespace AccioKestrel;

/// <summary>
/// Receives the result of each exchange. A host registers any number of receivers as services of this type, before or after
/// <c>AddAccio</c>. They are called one after the other, in the order of registration. One receiver never gets two calls at once; a receiver
/// that is late may still run while the next one is called.
/// </summary>
public interface IResultReceiver
{
    /// <summary>
    /// Takes one result. The next exchange begins when each receiver has taken it or was given up. A receiver that throws, or that takes longer
    /// than <see cref="AccioOptions.ResultTimeout"/>, does not keep the result from the other ones: the log has the whole result, and the
    /// metric <c>accio.undelivered_results</c> counts it. A receiver that goes on after the time-out gets no other result until it ends;
    /// those in between are logged and counted in the same way.
    /// </summary>
    /// <param name="result">The result.</param>
    /// <param name="cancellationToken">Canceled by the time-out, and soon after the host's shutdown time-out.</param>
    /// <remarks>It is called on a thread of the pool, and may block that thread within the time-out.</remarks>
    ValueTask ReceiveAsync(CompletedExchange result, CancellationToken cancellationToken);
}
