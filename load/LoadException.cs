namespace AccioKestrel.Load;

/// <summary>The server did not do what the model says.</summary>
internal sealed class LoadException(string message) : Exception(message);
