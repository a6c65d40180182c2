using AccioKestrel.Client;

return await new CommandLine(RunAsync).RunAsync(args);

static async Task<int> RunAsync(TransferOptions options)
{
    try
    {
        // Before the connection: a file that cannot be read should cost the server nothing.
        using var file = TransferFile.Open(options.File);
        using var display = new TransferDisplay(options.Quiet);
        using var server = new ServerConnection(await Connector.ConnectAsync(options.Host, options.Port, options.Limit), options.Limit);
        var transfer = new Transfer(server, options);

        await display.ShowQueueAsync(Task.Run(transfer.WaitForTurn));
        await display.ShowFileAsync(Task.Run(() => transfer.Send(file)), TransferFile.NameOf(options.File), TransferFile.SizeOf(file), () => server.FileBytesDelivered);
        return 0;
    }
    catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
    {
        await Console.Error.WriteLineAsync($"ERROR: {exception.Message}");
        return 1;
    }
}
