namespace AccioKestrel.Checker;

/// <summary>The arguments do not make sense together; the message says why.</summary>
internal sealed class UsageException(string message) : Exception(message);
