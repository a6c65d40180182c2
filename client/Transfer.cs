namespace AccioKestrel.Client;

/// <summary>The client's side of one exchange, step by step.</summary>
internal sealed class Transfer(ServerConnection server, TransferOptions options)
{
    /// <summary>Waits for the first command: it comes when all the clients in front are done.</summary>
    public void WaitForTurn() => server.ExpectCommand(options.Wait);

    /// <summary>Everything after the first command, to the server's end of the connection.</summary>
    /// <remarks>
    /// The published text can be read in two ways: a confirmation behind each command, or both behind the second one.
    /// The second kind of client gets through only to a server that sends its second command unasked.
    /// </remarks>
    public void Send(FileStream file)
    {
        if (options.Deferred)
        {
            server.ExpectCommand(options.Limit);
            server.Send(AccioProtocol.FirstConfirmation.Span);
        }
        else
        {
            server.Send(AccioProtocol.FirstConfirmation.Span);
            server.ExpectCommand(options.Limit);
        }

        server.Send([.. AccioProtocol.SecondConfirmation.Span, .. AccioProtocol.BlankLine.Span]);
        server.SendFile(file);
        server.End();
    }
}
