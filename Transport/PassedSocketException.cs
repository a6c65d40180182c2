namespace AccioKestrel;

/// <summary>The process was started with a socket that cannot be the one of its Accio endpoint; the message says why.</summary>
internal sealed class PassedSocketException(string message) : IOException(message);
