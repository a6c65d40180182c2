namespace AccioKestrel.Exchange;

/// <summary>
/// A receiver that is called on the thread that serves the client. It has no time-out, because a late result is not lost, and it reports a
/// result that it cannot write. Other receivers are called on another thread, so that one that blocks can be given up.
/// </summary>
internal interface IBlockingReceiver : IResultReceiver;
