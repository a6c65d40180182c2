namespace AccioKestrel.Status;

/// <summary>The exchange in progress.</summary>
/// <param name="ConnectionId">The id that the log lines of the connection share.</param>
/// <param name="Peer">The client's address and port.</param>
/// <param name="Step">tlsHandshake, firstCommand, firstConfirmation, secondCommand, secondConfirmation or file.</param>
/// <param name="Bytes">The file bytes received so far.</param>
/// <param name="ElapsedSeconds">The seconds since the client's turn began.</param>
/// <param name="SilenceSeconds">The seconds since the last byte from the client.</param>
/// <param name="SilenceLimitSeconds">The silence after which the exchange ends with ERROR.</param>
/// <param name="BytesPerSecond">The current rate of the file.</param>
internal sealed record CurrentReport(
    string ConnectionId, string? Peer, string Step, long Bytes, double ElapsedSeconds, double SilenceSeconds, double SilenceLimitSeconds, double BytesPerSecond);
