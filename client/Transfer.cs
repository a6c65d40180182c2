using AccioKestrel.Exchange;

namespace AccioKestrel.Client;

/// <summary>The client's side of one exchange, step by step.</summary>
internal sealed class Transfer(ServerConnection server, TransferOptions options)
{
    /// <summary>Waits for the first command, which comes when the clients in front were served.</summary>
    public void WaitForTurn() => server.ExpectCommand(
        options.Wait,
        "Other clients may be in front of this one: --wait forever waits for its turn as long as it takes. An HTTP or TLS server is silent too: check the port.");

    /// <summary>Everything after the first command, until the server closes the connection.</summary>
    /// <remarks>
    /// The published text can be read in two ways: a confirmation after each command, or both after the second one. A client of the second
    /// kind (<c>--deferred</c>) needs a server that sends its second command unasked.
    /// </remarks>
    public void Send(TransferFile file)
    {
        if (options.Deferred)
        {
            server.ExpectCommand(options.Limit, "With --deferred it must send its second command unasked, as one with --lenient does.");
            server.Send(AccioProtocol.FirstConfirmation.Span);
        }
        else
        {
            server.Send(AccioProtocol.FirstConfirmation.Span);
            server.ExpectCommand(options.Limit, "It has not answered the first confirmation: --timeout SECONDS gives it longer.");
        }

        server.Send(AccioProtocol.SecondConfirmation.Span);
        server.SendFile(file);
        server.End();
    }
}
