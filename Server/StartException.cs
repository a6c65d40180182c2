namespace AccioKestrel.Server;

/// <summary>The server cannot start with the operator's settings. The message says what is wrong, and what is allowed.</summary>
internal sealed class StartException(string message, Exception? innerException = null) : Exception(message, innerException);
