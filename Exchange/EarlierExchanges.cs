namespace AccioKestrel.Exchange;

/// <summary>The exchanges of earlier processes, from a record that outlives them.</summary>
/// <param name="Since">When the first of them began.</param>
/// <param name="Ended">How many there were.</param>
/// <param name="Failed">How many of them with each <see cref="ExchangeFailure"/>, by its value.</param>
/// <param name="Bytes">Their file bytes.</param>
/// <param name="Recent">The last results, newest first; as many as the history keeps.</param>
internal sealed record EarlierExchanges(DateTimeOffset Since, long Ended, IReadOnlyList<long> Failed, long Bytes, IReadOnlyList<CompletedExchange> Recent);
