namespace AccioKestrel.Fuzz;

/// <summary>What an exchange came to: the printed line, why, and how many bytes of commands the client was sent.</summary>
internal readonly record struct Verdict(string Line, ExchangeFailure? Failure, int Sent);
