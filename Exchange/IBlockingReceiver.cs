namespace AccioKestrel.Exchange;

/// <summary>
/// A receiver that is called on the thread that serves the client, and has no time-out: its own writes end when the result is taken or the
/// host stops. Other receivers are called on another thread, so that one that blocks can be given up.
/// </summary>
internal interface IBlockingReceiver : IResultReceiver;
