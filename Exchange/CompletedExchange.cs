using System.Globalization;
using System.Net;

namespace AccioKestrel;

/// <summary>The result of one exchange, with its circumstances.</summary>
public sealed record CompletedExchange
{
    /// <summary>The id that the log lines of the connection share.</summary>
    public required string ConnectionId { get; init; }

    /// <summary>The client's address and port; null if its transport has none.</summary>
    public EndPoint? Peer { get; init; }

    /// <summary>The file bytes received; the size of the file only if <see cref="Failure"/> is null.</summary>
    public required long Bytes { get; init; }

    /// <summary>What went wrong, or null when the whole file came.</summary>
    public ExchangeFailure? Failure { get; init; }

    /// <summary>The failure in one sentence, with details, as in the log; null when the whole file came.</summary>
    public string? Reason { get; init; }

    /// <summary>The step in which the exchange ended: <see cref="ExchangeStep.File"/> for a counted file.</summary>
    public required ExchangeStep Step { get; init; }

    /// <summary>When the client's turn began: <see cref="EndedAt"/> less <see cref="Duration"/>.</summary>
    public DateTimeOffset StartedAt => EndedAt - Duration;

    /// <summary>When the exchange ended, by the system's clock, in UTC.</summary>
    public required DateTimeOffset EndedAt { get; init; }

    /// <summary>The time from the first command to the end, with TLS from the beginning of its handshake, by a clock that is never set.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>What the protocol has the server print: the number of file bytes in decimal, or <c>ERROR</c>.</summary>
    public string Line => Failure is null ? Bytes.ToString(CultureInfo.InvariantCulture) : "ERROR";
}
