namespace AccioKestrel.Client;

/// <summary>The file could not be sent. The message is for the user.</summary>
internal sealed class TransferException(string message) : IOException(message);
