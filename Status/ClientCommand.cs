namespace AccioKestrel.Status;

/// <summary>The command of a client that comes with the server, which the page shows to newcomers. Only the program has one.</summary>
/// <param name="Text">The command, without its arguments.</param>
internal sealed record ClientCommand(string Text);
