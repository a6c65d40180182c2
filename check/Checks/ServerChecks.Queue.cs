namespace AccioKestrel.Checker;

/// <content>The clients that wait.</content>
internal static partial class ServerChecks
{
    private static Check[] Queue() =>
    [
        new("order", null, 0, "The others wait, in order", OrderAsync)
        {
            Needs = s_basics,
            Follows = ["ten-clients"],
            Explanation = "Ten clients with files of different sizes. The results are in the order in which the clients connected.",
            Hint = "accept() hands out connections in their order: take one at a time, and serve it before the next.",
        },
        new("queue-leavers", null, 0, "Clients that leave the queue do not disturb the others", QueueLeaversAsync)
        {
            Needs = s_basics,
            Follows = ["ten-clients", "close-early", "reset"],
            Explanation = "While one client is served, two of those that wait close or reset their connections. The last one is served all the same.",
            Hint = "A connection may be gone when accept() returns it: sending the command to it raises an error, which belongs to that connection alone.",
        },
        new("queue-time", null, 0, "The ten seconds are never counted while a connection waits for its turn", QueueTimeAsync)
        {
            Needs = s_basics,
            Follows = ["ten-clients", "timeout", "drip"],
            Explanation = "A client waits for more than 12 s behind one that sends slowly. It is served.",
            Hint = "The ten seconds of a connection begin with its first accio\\r\\n.",
            Seconds = 13,
        },
    ];

    private static async Task OrderAsync(CheckContext context)
    {
        const int count = 10;
        var server = await context.StartServerAsync();
        var clients = new List<AccioClient>();
        try
        {
            clients.Add(await server.ConnectAndExpectCommandAsync());
            while (clients.Count < count)
            {
                clients.Add(await server.ConnectAsync());
            }

            await server.ConfirmAsync(clients[0]);
            await server.SendFileAsync(clients[0], Files.Text(100));
            for (var number = 1; number < count; number++)
            {
                await server.ExpectCommandAsync(clients[number], $"client {number + 1} of {count} to get its turn after client {number}");
                await server.ConfirmAsync(clients[number]);
                await server.SendFileAsync(clients[number], Files.Text(100 + number));
            }
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
        }

        await server.ExpectResultsAsync(hint: null, [.. Enumerable.Range(100, count).Select(size => CheckContext.Number(size))]);
    }

    private static async Task QueueLeaversAsync(CheckContext context)
    {
        var server = await context.StartServerAsync();
        using var first = await server.ConnectAndExpectCommandAsync();
        var resets = await server.ConnectAsync();
        var closes = await server.ConnectAsync();
        using var last = await server.ConnectAsync();
        resets.Reset();
        closes.Dispose();
        await server.ConfirmAsync(first);
        await server.SendFileAsync(first, Files.Text(11));
        await server.ExpectCommandAsync(last, "the client behind those that left to get its turn");
        await server.ConfirmAsync(last);
        await server.SendFileAsync(last, Files.Text(12));
        // Those that left may have a line or not: the server may never have seen them.
        await server.WaitForResultsAsync(lines => lines.Contains("12", StringComparer.Ordinal), TimeSpan.FromSeconds(3));
        var results = await server.ResultsAsync(2);
        string[] numbers = [.. results.Where(line => line is not "ERROR")];
        if (numbers is not ["11", "12"] || results.Length > 4)
        {
            throw FindingException.Fail("on standard output: 11 and 12, and ERROR at most for each of the two clients that left", ServerRun.Listed(results) + server.LastWords());
        }
    }

    private static async Task QueueTimeAsync(CheckContext context)
    {
        var server = await context.StartServerAsync();
        using var first = await server.ConnectAndExpectCommandAsync();
        using var second = await server.ConnectAsync();
        await server.ConfirmAsync(first);
        foreach (var _ in Enumerable.Range(0, 2))
        {
            await first.SendAsync("x");
            context.Expect("another client to wait for more than 12 s");
            await Task.Delay(TimeSpan.FromSeconds(6.2));
        }

        await server.SendFileAsync(first, Files.Text(1));
        await server.ExpectCommandAsync(second, "the client that has waited for 12 s to get its turn");
        await server.ConfirmAsync(second);
        await server.SendFileAsync(second, Files.Text(21));
        await server.ExpectResultsAsync(hint: null, "3", "21");
    }
}
