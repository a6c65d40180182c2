namespace AccioKestrel.Tests.EndToEnd;

/// <summary>What the log says of a mistake that clients are known to make: the byte, what was expected, and what to change.</summary>
public sealed class ReasonTests
{
    [Theory]
    [InlineData("confirm-accio\n", @"wrong byte: byte 14 of confirm-accio is \n, expected \r (end each line with \r\n, not with \n alone; with netcat, use -C)")]
    [InlineData(@"confirm-accio\r\n", @"wrong byte: byte 14 of confirm-accio is '\', expected \r (\r and \n stand for the bytes 13 and 10; the client sends them as letters)")]
    [InlineData("confirm-accio-again\r\n\r\n", @"wrong byte: byte 14 of confirm-accio is '-', expected \r (confirm-accio-again is the answer to the second accio; the first one is confirm-accio)")]
    [InlineData("CONFIRM-ACCIO\r\n", "wrong byte: byte 1 of confirm-accio is 'C', expected 'c' (the confirmations are in lower case)")]
    [InlineData("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "wrong byte: byte 1 of confirm-accio is 'G', expected 'c' (this is an HTTP request; this port speaks Accio)")]
    [InlineData("\u0016\u0003\u0001\u0002\u0000", @"wrong byte: byte 1 of confirm-accio is \x16, expected 'c' (the client speaks TLS, and this port does not)")]
    [InlineData("\u00ef\u00bb\u00bfconfirm-accio\r\n", @"wrong byte: byte 1 of confirm-accio is \xEF, expected 'c' (a byte order mark comes before confirm-accio; send its bytes alone)")]
    [InlineData("\u001b[2J", @"wrong byte: byte 1 of confirm-accio is \x1B, expected 'c' (an exchange begins with confirm-accio; the file comes after both confirmations)")]
    [InlineData("a,b,c\n1,2,3\n", "wrong byte: byte 1 of confirm-accio is 'a', expected 'c' (an exchange begins with confirm-accio; the file comes after both confirmations)")]
    [InlineData("\r\nconfirm-accio\r\n", @"wrong byte: byte 1 of confirm-accio is \r, expected 'c' (an empty line comes before confirm-accio; send it without one)")]
    [InlineData("\nconfirm-accio\n", @"wrong byte: byte 1 of confirm-accio is \n, expected 'c' (an empty line comes before confirm-accio; send it without one)")]
    [InlineData("confirm-accio \r\n", @"wrong byte: byte 14 of confirm-accio is a space, expected \r (white space stands at the end of the line; confirm-accio is followed directly by \r\n)")]
    [InlineData("confirm-accio\r\nconfirm-accio-again \r\n\r\n", @"wrong byte: byte 20 of confirm-accio-again is a space, expected \r (white space stands at the end of the line; confirm-accio-again is followed directly by \r\n)")]
    [InlineData(" confirm-accio\r\n", "wrong byte: byte 1 of confirm-accio is a space, expected 'c' (an exchange begins with confirm-accio; the file comes after both confirmations)")]
    [InlineData("confirm-accio\r\nconfirm-accio-again\r\nfile", @"wrong byte: byte 22 of confirm-accio-again is 'f', expected \r (the empty line is missing: confirm-accio-again ends with \r\n\r\n; a lenient server also accepts it without)")]
    [InlineData("confirm-accio\r\nconfirm-accio-again\n\n", @"wrong byte: byte 20 of confirm-accio-again is \n, expected \r (end each line with \r\n, not with \n alone; with netcat, use -C)")]
    [InlineData("confirm-accio\r\n\r\nconfirm-accio-again\r\n\r\n", @"wrong byte: byte 1 of confirm-accio-again is \r, expected 'c' (confirm-accio ends with one \r\n; confirm-accio-again follows it directly)")]
    [InlineData("confirm-accio\r\nhello", "wrong byte: byte 1 of confirm-accio-again is 'h', expected 'c' (the second accio is answered by confirm-accio-again; the file comes after it)")]
    [InlineData("confirm-accio\r\n\0", @"wrong byte: byte 1 of confirm-accio-again is \0, expected 'c' (no confirmation has a zero byte; send a C string without its end, and no UTF-16)")]
    [InlineData("confirm-accio\0\r\n", @"wrong byte: byte 14 of confirm-accio is \0, expected \r (no confirmation has a zero byte; send a C string without its end, and no UTF-16)")]
    [InlineData("c\0o\0n\0", @"wrong byte: byte 2 of confirm-accio is \0, expected 'o' (no confirmation has a zero byte; send a C string without its end, and no UTF-16)")]
    public async Task WrongByte_IsExplained(string sent, string reason)
    {
        await using var server = await AccioServer.StartAsync();
        using var client = await server.ConnectServedAsync();
        await client.SendAsync(sent);
        var log = await server.Errors.WaitUntilAsync(text => text.Contains("ERROR after", StringComparison.Ordinal) && text.EndsWith('\n'));
        Assert.EndsWith($" file bytes, {reason}\n", log, StringComparison.Ordinal);
        // The beginning of the hint leads to its row in the documents.
        Assert.Contains(
            reason.Split('(')[1].Split(',', ';', ':', ')')[0],
            (await File.ReadAllTextAsync(Repository.PathOf("docs/REFERENCE.md"), TestContext.Current.CancellationToken)).Replace("`", "", StringComparison.Ordinal),
            StringComparison.Ordinal);
        await server.StopAsync("ERROR");
    }

    [Theory]
    [InlineData("", "ended early: the client ended without a byte; a client that gives up while it waits for its turn does so too")]
    [InlineData("conf", "ended early: the client ended after 4 of the 15 bytes of confirm-accio")]
    [InlineData("confirm-accio\r\nconfirm-accio-again\r\n\r", "ended early: the client ended after 22 of the 23 bytes of confirm-accio-again")]
    public async Task EndedEarly_SaysHowFarTheClientCame(string sent, string reason)
    {
        await using var server = await AccioServer.StartAsync();
        using var client = await server.ConnectServedAsync();
        await client.SendAsync(sent);
        client.HalfClose();
        var log = await server.Errors.WaitUntilAsync(text => text.Contains("ERROR after", StringComparison.Ordinal) && text.EndsWith('\n'));
        Assert.EndsWith($" file bytes, {reason}\n", log, StringComparison.Ordinal);
        await server.StopAsync("ERROR");
    }

    [Theory]
    [InlineData("", @"waiting for confirm-accio \(a client that waits for both commands needs a lenient server\)")]
    [InlineData("c", "waiting for confirm-accio")]
    [InlineData("confirm-accio\r\n", "waiting for confirm-accio-again")]
    [InlineData("confirm-accio\r\nconfirm-accio-again\r\n\r\nfile", @"receiving the file \(a file ends when the client ends its sending side, by a shutdown or a close\)")]
    public async Task Silence_SaysWhatTheServerWaitedFor(string sent, string reason)
    {
        await using var server = await AccioServer.StartAsync("--idle-timeout 3");
        using var client = await server.ConnectServedAsync();
        await client.SendAsync(sent);
        await client.WaitForResetAsync();
        var log = await server.Errors.WaitUntilAsync(text => text.Contains("ERROR after", StringComparison.Ordinal) && text.EndsWith('\n'));
        Assert.Matches($@"silent too long: no byte for \d+\.\d s, {reason}\n$", log);
        await server.StopAsync("ERROR");
    }
}
