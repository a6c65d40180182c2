namespace AccioKestrel.Status;

/// <summary>Counts, including those of earlier processes if the server keeps a file of results.</summary>
/// <param name="Since">When the counts began: the start of the server, or of the first exchange in the file.</param>
/// <param name="Exchanges">Exchanges that have ended: one for each client that was served.</param>
/// <param name="Counted">Those that ended with a number.</param>
/// <param name="Errors">Those that ended with ERROR, by reason.</param>
/// <param name="ReceivedBytes">File bytes received, those of the file in transfer included.</param>
/// <param name="AcceptErrors">Accepts of this process that failed.</param>
internal sealed record TotalsReport(
    DateTimeOffset Since, long Exchanges, long Counted, Dictionary<string, long> Errors, long ReceivedBytes, long AcceptErrors);
