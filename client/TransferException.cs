namespace AccioKestrel.Client;

/// <summary>The file did not get to the server; the message is for the user.</summary>
internal sealed class TransferException(string message) : IOException(message);
