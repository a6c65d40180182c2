namespace AccioKestrel.Checker;

/// <content>How bytes may arrive, and what a file may look like.</content>
internal static partial class ServerChecks
{
    private static Check[] Arrival() =>
    [
        new("second-command", null, 0, "accio\\r\\n again, only after the first confirmation is complete", SecondCommandAsync)
        {
            Needs = s_basics,
            Follows = ["pieces"],
            Explanation = "Nothing may come from the server while the first confirmation is missing or incomplete.",
            Hint = Hints.SecondCommand,
            NeedsProcess = false,
        },
        new("pieces", null, 0, "Segment borders mean nothing: a confirmation may arrive in any pieces", PiecesAsync)
        {
            Needs = s_basics,
            Explanation = "The header is cut at each of its places, then sent byte by byte together with the file. The server sees each piece by itself.",
            Hint = Hints.OneReceive,
            Seconds = 3,
        },
        new("together", null, 0, "The last bytes of the header and the first of the file may be in one segment", TogetherAsync)
        {
            Needs = s_basics,
            Follows = ["pieces"],
            Explanation = "The second confirmation, the file and its end in one segment; then both confirmations and the file at once, by a client that does not wait.",
            Hint = Hints.Leftover,
        },
        new("empty-file", null, 0, "A file may be empty", context => ExpectNumbersAsync(context, "The end of the connection just behind the header is the end of a file of 0 bytes: print 0.", Array.Empty<byte>()))
        {
            Needs = s_basics,
            Explanation = "The header and the end. The result is 0.",
        },
        new("binary", null, 0, "All of it is bytes: no text mode, no .decode('utf-8')", context => ExpectNumbersAsync(context, Hints.Text, Files.Binary(4000), [0xFF, 0xFE, 0x00, 0x0A, 0xC3]))
        {
            Needs = s_basics,
            Explanation = "Files with every byte value, which are no UTF-8.",
            Hint = Hints.Text,
        },
        new("lookalike", null, 0, "Nothing after the header is ever parsed", context => ExpectNumbersAsync(
            context, Hints.SearchInFile,
            Accio.Bytes("\r\n"), Accio.Bytes("\r\n\r\n"), Accio.Bytes("head\r\n\r\nbody"), Accio.Bytes(Accio.Header), Accio.Bytes(Accio.Header + Accio.Header + "x"), Accio.Bytes(Accio.Command)))
        {
            Needs = s_basics,
            Explanation = "Files that look like the protocol: line ends, empty lines, the confirmations themselves.",
            Hint = Hints.SearchInFile,
        },
        new("sizes", null, 0, "The number of file bytes, for every size", context => ExpectNumbersAsync(
            context, "Count what each recv() has returned, and stop only when it returns no bytes: buffers that are full, or are not, mean nothing.",
            [.. s_sizes.Select(Files.Text)]))
        {
            Needs = s_basics,
            Explanation = "Files of one byte, of the sizes of buffers, and of one byte more and less.",
            Hint = Hints.CountHeader,
        },
    ];

    private static readonly int[] s_sizes =
        [1, 2, 37, 38, 39, 255, 256, 257, 499, 511, 512, 513, 1023, 1024, 1025, 4095, 4096, 4097, 8192, 9979, 16384, 32768, 65535, 65536, 65537, 78017, 131072, 908101, 1048576];

    private static async Task SecondCommandAsync(CheckContext context)
    {
        var server = await context.StartServerAsync();
        using var client = await server.ConnectAndExpectCommandAsync();
        context.Expect("nothing before the first confirmation");
        await client.ExpectSilenceAsync();
        await client.SendAsync(Accio.FirstConfirmation[..^1]);
        context.Expect("nothing before the first confirmation is complete");
        await client.ExpectSilenceAsync();
        await client.SendAsync(Accio.FirstConfirmation[^1..]);
        await server.ExpectCommandAsync(client, "the second command, once the first confirmation is complete");
        await client.SendSecondConfirmationAsync();
        await server.SendFileAsync(client, Files.Text(5));
    }

    private static async Task PiecesAsync(CheckContext context)
    {
        var server = await context.StartServerAsync();
        const int size = 20;
        var expected = new List<string>();
        for (var cut = 1; cut < Accio.FirstConfirmation.Length; cut++)
        {
            await ExchangeAsync(Accio.FirstConfirmation[..cut], Accio.FirstConfirmation[cut..], Accio.SecondConfirmation);
        }

        for (var cut = 1; cut < Accio.SecondConfirmation.Length; cut++)
        {
            await ExchangeAsync(Accio.FirstConfirmation, Accio.SecondConfirmation[..cut], Accio.SecondConfirmation[cut..]);
        }

        await ExchangeAsync([.. Accio.Header.Select(character => character.ToString())]);
        await server.ExpectResultsAsync(Hints.OneReceive, [.. expected]);

        async Task ExchangeAsync(params string[] pieces)
        {
            using var client = await server.ConnectAndExpectCommandAsync();
            var sent = 0;
            foreach (var piece in pieces)
            {
                context.Expect($"the header to be taken in pieces: {string.Join(" | ", pieces.Take(6).Select(Accio.Printable))}{(pieces.Length > 6 ? " | ..." : "")}");
                await client.SendAsync(piece);
                sent += piece.Length;
                if (sent == Accio.FirstConfirmation.Length)
                {
                    await client.ExpectCommandAsync();
                }

                await server.WaitUntilReadAsync(client);
            }

            await server.SendFileAsync(client, Files.Text(size));
            expected.Add(CheckContext.Number(size));
        }
    }

    private static async Task TogetherAsync(CheckContext context)
    {
        var server = await context.StartServerAsync();
        using (var client = await server.ConnectAndExpectCommandAsync())
        {
            await client.SendFirstConfirmationAsync();
            await server.ExpectCommandAsync(client, "the second command, accio\\r\\n");
            await server.SendFileAsync(client, (byte[])[.. Accio.Bytes(Accio.SecondConfirmation), .. Files.Text(321)]);
        }

        using (var client = await server.ConnectAndExpectCommandAsync())
        {
            context.Expect("both confirmations and the file at once to be taken");
            await client.SendAsync((byte[])[.. Accio.Bytes(Accio.Header), .. Files.Text(322)]);
            client.HalfClose();
            await server.ExpectCommandAsync(client, "the second command, accio\\r\\n");
            await server.ExpectCloseAsync(client, "the server to close the connection after the file's end");
        }

        await server.ExpectResultsAsync(Hints.Leftover, "321", "322");
    }

    private static async Task ExpectNumbersAsync(CheckContext context, string hint, params byte[][] files)
    {
        var server = await context.StartServerAsync();
        foreach (var file in files)
        {
            await server.TransferAsync(file, $"a client with a file of {Size.Of(file.Length)}");
        }

        await server.ExpectResultsAsync(hint, [.. files.Select(file => CheckContext.Number(file.Length))]);
    }
}
