namespace AccioKestrel.Fuzz;

/// <summary>
/// The result of an exchange: the printed line, the failure, and the number of command bytes that were sent; behind a PROXY header also
/// the client's address.
/// </summary>
internal readonly record struct Verdict(string Line, ExchangeFailure? Failure, int Sent, string? Client = null);
