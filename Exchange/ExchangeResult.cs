using System.Net;

namespace AccioKestrel;

/// <summary>An exchange that has ended, as it is remembered.</summary>
/// <param name="ConnectionId">The id that the log lines of the connection share.</param>
/// <param name="Peer">The client's address.</param>
/// <param name="Outcome">How it ended.</param>
/// <param name="Step">The step in which it ended.</param>
/// <param name="EndedAt">When it ended.</param>
/// <param name="Duration">The time since step 1.</param>
internal readonly record struct ExchangeResult(
    string ConnectionId, EndPoint? Peer, ExchangeOutcome Outcome, ExchangeStep Step, DateTimeOffset EndedAt, TimeSpan Duration);
