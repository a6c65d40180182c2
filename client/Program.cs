using System.Net.Sockets;
using AccioKestrel.Client;

try
{
    return await new CommandLine(RunAsync).RunAsync(args);
}
catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or SocketException)
{
    StandardError.WriteError(exception.Message);
    return 1;
}

static async Task<int> RunAsync(TransferOptions options)
{
    // Both checks come before the connection: a client that cannot read its file, or cannot report its failure, must not use up a turn
    // of the server.
    if (StandardError.IsFull)
    {
        return 1;
    }

    using var file = TransferFile.Open(options.File);
    using var display = new TransferDisplay(options.Quiet);
    using var socket = await display.ShowConnectionAsync(Connector.ConnectAsync(options.Host, options.Port, options.Limit), options.Host);
    using var server = new ServerConnection(socket, options.Limit);
    var transfer = new Transfer(server, options);

    await display.ShowQueueAsync(Task.Run(transfer.WaitForTurn));
    await display.ShowFileAsync(Task.Run(() => transfer.Send(file)), file.Name, file.Size, () => server.FileBytesDelivered);
    return 0;
}
