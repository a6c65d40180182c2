namespace AccioKestrel.Exchange;

/// <summary>The history at one moment: its numbers fit together.</summary>
/// <param name="Current">The exchange in progress, or null.</param>
/// <param name="Ended">How many exchanges have ended.</param>
/// <param name="Failed">How many of them with each <see cref="ExchangeFailure"/>, by its value.</param>
/// <param name="Bytes">The file bytes of all exchanges, the one in progress included.</param>
/// <param name="Earlier">The exchanges of earlier processes, or null. They are in none of the counts.</param>
/// <param name="Recent">The last results, newest first. Null if the reader has them or does not need them.</param>
internal sealed record HistorySnapshot(ActiveExchange? Current, long Ended, IReadOnlyList<long> Failed, long Bytes, EarlierExchanges? Earlier, IReadOnlyList<CompletedExchange>? Recent)
{
    /// <summary>The same, with the exchanges of earlier processes in the counts.</summary>
    public HistorySnapshot IncludingEarlier() => Earlier is null ? this : this with
    {
        Ended = Ended + Earlier.Ended,
        Failed = [.. Failed.Zip(Earlier.Failed, (own, earlier) => own + earlier)],
        Bytes = Bytes + Earlier.Bytes,
    };

    /// <summary>How many exchanges have ended with <c>ERROR</c>.</summary>
    public long Errors => Failed.Sum();

    /// <summary>How many files were counted.</summary>
    public long Counted => Ended - Errors;
}
