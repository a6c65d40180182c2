namespace AccioKestrel.Status;

/// <summary>An exchange that has ended.</summary>
/// <param name="ConnectionId">The id that the log lines of the connection share.</param>
/// <param name="Peer">The client's address and port.</param>
/// <param name="EndedAt">When it ended.</param>
/// <param name="Bytes">The file bytes received.</param>
/// <param name="Failure">The failure's name, or null for a counted file.</param>
/// <param name="Reason">The failure in one sentence, with details, or null for a counted file.</param>
/// <param name="Step">The step in which it ended.</param>
/// <param name="DurationSeconds">The seconds from the beginning of the client's turn to the end.</param>
/// <param name="BytesPerSecond">File bytes per second of that time.</param>
internal sealed record ResultReport(
    string ConnectionId, string? Peer, DateTimeOffset EndedAt, long Bytes, string? Failure, string? Reason, string Step, double DurationSeconds, double BytesPerSecond);
