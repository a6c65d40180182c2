namespace AccioKestrel.Transport;

/// <summary>The inherited socket cannot serve the Accio endpoint; the message says why.</summary>
internal sealed class InheritedSocketException(string message) : IOException(message);
