namespace AccioKestrel;

/// <summary>Counts since the start.</summary>
/// <param name="Exchanges">Exchanges that have ended: one for each line on standard output.</param>
/// <param name="Counted">Those that ended with a number.</param>
/// <param name="Errors">Those that ended with ERROR, by reason.</param>
/// <param name="ReceivedBytes">File bytes received, those of the file in transfer included.</param>
/// <param name="AcceptErrors">Accepts that failed.</param>
internal sealed record TotalsReport(long Exchanges, long Counted, Dictionary<string, long> Errors, long ReceivedBytes, long AcceptErrors);
