using System.Diagnostics;

namespace AccioKestrel.Checker;

/// <content>What the server takes of its machine.</content>
internal static partial class ServerChecks
{
    private const long MostGrowth = 64L * 1024 * 1024;

    private static Check[] Resources() =>
    [
        new("memory", null, 0, "Files of 100 MiB and more that do not fit in memory", context => LargeFileAsync(context, 100 * 1024 * 1024 + 1))
        {
            Needs = s_basics,
            Follows = ["large-value"],
            Explanation = "A file of 100 MiB. The server's memory may grow by 64 MiB at the most.",
            Hint = Hints.Collect,
            Seconds = 3,
        },
        new("huge-file", null, 0, "Files may be far larger than memory: count, do not collect", context => LargeFileAsync(context, 5L * 1024 * 1024 * 1024 + 1))
        {
            Needs = ["memory", .. s_basics],
            Explanation = "A file of 5 GiB. The number has more than 32 bits.",
            Hint = "The number of bytes needs 64 bits: long long in C, long in C# and Java.",
            Seconds = 12,
        },
        new("idle-cpu", null, 0, "A server that waits does not burn a processor", IdleAsync)
        {
            Needs = s_basics,
            Explanation = "Processor time, and time spent waiting for a processor, while there is no client, and while a client is silent. A server in a loop has nearly as much as has passed.",
            Hint = Hints.BusyLoop,
            Seconds = 6,
        },
        new("descriptors", null, 0, "Nothing is left of a connection that is over", DescriptorsAsync)
        {
            Needs = s_basics,
            Explanation = "The number of open descriptors before and after 100 clients.",
            Hint = Hints.CloseSockets,
            Seconds = 2,
        },
    ];

    private static async Task LargeFileAsync(CheckContext context, long size)
    {
        var server = await context.StartServerAsync();
        await server.ExpectServiceAsync();
        var (before, sharedBefore) = (server.Program.PeakBytes, server.Program.SharedBytes);
        using var client = await server.ConnectAndExpectCommandAsync();
        await server.ConfirmAsync(client);
        context.Expect($"the server to take {Size.Of(size)} of file", Hints.Collect);
        var piece = Files.Text(1024 * 1024);
        for (var left = size; left > 0; left -= piece.Length)
        {
            await client.SendAsync(piece.AsMemory(0, (int)Math.Min(piece.Length, left)));
            // Not only at the end: whether a server that collects the file gets there depends on its speed, and on the memory of the machine.
            if (left / piece.Length % 16 == 0)
            {
                ExpectLittleGrowth(size - left + piece.Length);
            }
        }

        await server.WaitUntilReadAsync(client);
        var growth = ExpectLittleGrowth(size);
        client.HalfClose();
        await server.ExpectCloseAsync(client, "the server to close the connection after the file's end");
        await server.ExpectResultsAsync(hint: null, "77", CheckContext.Number(size));
        await context.PartAsync("memory", () => Task.FromResult($"grew by {Size.Of(Math.Max(0, growth))}"));

        long ExpectLittleGrowth(long sent)
        {
            var more = server.Program.PeakBytes - before;
            if (more > MostGrowth)
            {
                more -= server.Program.SharedBytes - sharedBefore;
            }

            return more <= MostGrowth ? more : throw FindingException.Fail(
                $"at most {Size.Of(MostGrowth)} more memory while a file of {Size.Of(size)} comes in", $"{Size.Of(more)} more after {Size.Of(Math.Min(sent, size))} of it", Hints.Collect);
        }
    }

    private static async Task IdleAsync(CheckContext context)
    {
        var server = await context.StartServerAsync();
        await context.PartAsync("without a client", () => ExpectIdleAsync(context, server));
        using var client = await server.ConnectAndExpectCommandAsync();
        await context.PartAsync("a client is silent before its confirmation", () => ExpectIdleAsync(context, server));
        await server.ConfirmAsync(client);
        await client.SendAsync("abc");
        await context.PartAsync("a client is silent in its file", () => ExpectIdleAsync(context, server));
        context.Conclude();
    }

    private static async Task<string> ExpectIdleAsync(CheckContext context, ServerRun server)
    {
        const double most = 0.5;
        context.Expect("processor time to be measured");
        // What a server still does after its start or the client's last step ends at some time, on a busy machine after seconds. An endless loop
        // does not, but the kernel counts a wait for a processor only when it is over: so one quiet look alone proves nothing.
        var (busy, quiet) = (0.0, 0);
        await Task.Delay(TimeSpan.FromSeconds(0.4));
        for (var look = 0; look < 8; look++)
        {
            var (begun, before) = (Stopwatch.GetTimestamp(), server.Program.BusyTime);
            await Task.Delay(TimeSpan.FromSeconds(0.7));
            busy = (server.Program.BusyTime - before) / Stopwatch.GetElapsedTime(begun);
            quiet = busy <= most ? quiet + 1 : 0;
            if (quiet == 2)
            {
                return $"busy for {busy * 100:0} % of the time";
            }
        }

        throw FindingException.Fail("no work while there is nothing to do", $"busy for {busy * 100:0} % of the time", Hints.BusyLoop);
    }

    private static async Task DescriptorsAsync(CheckContext context)
    {
        const int clients = 100;
        const int most = 20;
        var server = await context.StartServerAsync();
        for (var client = 0; client < 5; client++)
        {
            await server.TransferAsync(Files.Text(10));
        }

        var before = server.Program.Descriptors;
        for (var client = 0; client < clients; client++)
        {
            await server.TransferAsync(Files.Text(10));
        }

        var growth = server.Program.Descriptors - before;
        if (growth > most)
        {
            throw FindingException.Fail($"as many open descriptors as before {clients} clients", $"{growth} more", Hints.CloseSockets);
        }
    }
}
