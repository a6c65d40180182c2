namespace AccioKestrel.Client;

/// <summary>The user's options.</summary>
/// <param name="Host">The server's name or address.</param>
/// <param name="Port">The server's port.</param>
/// <param name="File">The path of the file, or <c>-</c> for standard input.</param>
/// <param name="Deferred">Whether to wait for both commands before the first confirmation.</param>
/// <param name="Wait">How long the first command may take; infinite to wait for the turn without a limit.</param>
/// <param name="Limit">How long each other step may take: connecting, the second command, a stall, the server's close.</param>
/// <param name="Quiet">Whether nothing but errors is shown.</param>
internal sealed record TransferOptions(string Host, int Port, string File, bool Deferred, TimeSpan Wait, TimeSpan Limit, bool Quiet);
