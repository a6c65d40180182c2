using System.Net;
using AccioKestrel.Exchange;

namespace AccioKestrel.Server;

/// <summary>A result as one line of the file of results. The names and their values are documented, and other programs read them.</summary>
/// <param name="ConnectionId">The id that the log lines of the connection share.</param>
/// <param name="Peer">The client's address and port.</param>
/// <param name="StartedAt">When the client's turn began, in UTC.</param>
/// <param name="EndedAt">When the exchange ended, in UTC.</param>
/// <param name="DurationSeconds">The time between, by a clock that is never set.</param>
/// <param name="Outcome">counted, or the failure's name.</param>
/// <param name="Bytes">The file bytes received.</param>
/// <param name="Step">The step in which the exchange ended.</param>
/// <param name="Reason">The failure in one sentence, as in the log; null for a counted file.</param>
internal sealed record ResultLine(
    string ConnectionId, string? Peer, DateTime StartedAt, DateTime EndedAt, double DurationSeconds, string Outcome, long Bytes, string Step, string? Reason)
{
    private const string Counted = "counted";

    private static readonly Dictionary<string, ExchangeFailure> s_failures = ByName<ExchangeFailure>();
    private static readonly Dictionary<string, ExchangeStep> s_steps = ByName<ExchangeStep>();

    public static ResultLine Of(CompletedExchange result) => new(
        result.ConnectionId,
        result.Peer?.ToString(),
        result.StartedAt.UtcDateTime,
        result.EndedAt.UtcDateTime,
        result.Duration.TotalSeconds,
        result.Failure is { } failure ? ExchangeWords.Name(failure) : Counted,
        result.Bytes,
        ExchangeWords.Name(result.Step),
        result.Reason);

    /// <returns>The result, or null if the line is none.</returns>
    public CompletedExchange? ToResult()
    {
        ExchangeFailure? failure = null;
        if (Outcome is not Counted)
        {
            if (!s_failures.TryGetValue(Outcome, out var known))
            {
                return null;
            }

            failure = known;
        }

        // Another program's line can have any numbers, and the start of an exchange is computed from its end.
        var endedAt = EndedAt.ToUniversalTime();
        var hasSense = Bytes >= 0 && DurationSeconds >= 0 && DurationSeconds < (endedAt - DateTime.MinValue).TotalSeconds - 1;
        return !hasSense || !s_steps.TryGetValue(Step, out var step) ? null : new CompletedExchange
        {
            ConnectionId = ConnectionId,
            Peer = IPEndPoint.TryParse(Peer ?? "", out var peer) ? peer : null,
            Bytes = Bytes,
            Failure = failure,
            Reason = Reason,
            Step = step,
            EndedAt = new DateTimeOffset(endedAt),
            Duration = TimeSpan.FromSeconds(DurationSeconds),
        };
    }

    private static Dictionary<string, T> ByName<T>()
        where T : struct, Enum => Enum.GetValues<T>().ToDictionary(ExchangeWords.Name, StringComparer.Ordinal);
}
