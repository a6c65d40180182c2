using static AccioKestrel.Testing.Accio;

namespace AccioKestrel.Tests.EndToEnd;

/// <summary>The exchange with clients that do not keep to the protocol: one line, and the next client is served at once.</summary>
public sealed class ErrorTests
{
    /// <summary>Where in the stream of a client something can happen: inside and at the border of every step.</summary>
    public static TheoryData<int> Places => [0, 1, FirstConfirmation.Length, FirstConfirmation.Length + 1, Header.Length, Header.Length + 5];

    [Fact]
    public async Task WrongByte_AtEachPlaceOfTheHeader_EndsTheExchangeAtThatByte()
    {
        await using var server = await AccioServer.StartAsync();
        var lines = new List<object>();

        for (var place = 0; place < Header.Length; place++)
        {
            using (var client = await server.ConnectServedAsync())
            {
                var wrong = (char)(Header[place] ^ ' ');
                await client.SendAsync(Header[..place] + wrong);

                // The client neither sends more nor ends its side: the server does not wait for it.
                Assert.Equal(place < FirstConfirmation.Length ? "" : Command, await client.WaitForCloseAsync());
            }

            await server.ExpectLinesAsync([.. lines, "ERROR"]);
            await server.TransferAsync(place);
            lines.AddRange(["ERROR", place]);
        }

        await server.StopAsync(lines);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")]
    [InlineData("confirm-accio\n")]
    [InlineData("confirm-accio\r\r\n")]
    [InlineData("CONFIRM-ACCIO\r\n")]
    [InlineData("\r\nconfirm-accio\r\n")]
    [InlineData("confirm-accio \r\n")]
    [InlineData("\u00ef\u00bb\u00bfconfirm-accio\r\n")]
    [InlineData("confirm-accio-again\r\n\r\n")]
    [InlineData("confirm-accio\r\nconfirm-accio\r\n")]
    [InlineData("confirm-accio\r\nconfirm-accio-again\r\nfile")]
    [InlineData("confirm-accio\r\nconfirm-accio-again\n\n")]
    public async Task Handshake_SomethingElse_IsAnErrorAndTheNextClientIsServed(string stream)
    {
        await using var server = await AccioServer.StartAsync();
        using var client = await server.ConnectServedAsync();
        using var next = await server.ConnectAsync();

        await client.SendAsync(stream);

        await server.ExpectLinesAsync("ERROR");
        await next.TransferAsync(5);
        await server.StopAsync("ERROR", 5);
    }

    [Fact]
    public async Task WrongByte_WithMuchBehindIt_IsOneErrorAndTheNextClientIsServed()
    {
        await using var server = await AccioServer.StartAsync();
        using var client = await server.ConnectAsync();
        using var next = await server.ConnectAsync();

        await client.SendAsync("x" + new string('y', 50_000));

        await next.TransferAsync(5);
        await server.StopAsync("ERROR", 5);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task End_AfterEachNumberOfHeaderBytes_IsAnErrorAndTheNextClientIsServed(bool closed)
    {
        await using var server = await AccioServer.StartAsync();
        var lines = new List<object>();

        for (var count = 0; count < Header.Length; count++)
        {
            using (var client = await server.ConnectServedAsync())
            {
                await client.SendAsync(Header[..count]);
                client.HalfClose();
                if (!closed)
                {
                    Assert.Equal(count < FirstConfirmation.Length ? "" : Command, await client.WaitForCloseAsync());
                }
            }

            await server.TransferAsync(count);
            lines.AddRange(["ERROR", count]);
        }

        await server.StopAsync(lines);
    }

    [Theory]
    [MemberData(nameof(Places))]
    public async Task Reset_AtEachStep_IsAnErrorAndTheNextClientIsServed(int sent)
    {
        await using var server = await AccioServer.StartAsync();
        using var client = await server.ConnectServedAsync();
        using var next = await server.ConnectAsync();

        await client.SendAsync(StreamOf(fileSize: 100).AsMemory(..sent));
        if (sent >= FirstConfirmation.Length)
        {
            await client.ExpectCommandAsync();
        }

        client.Reset();

        await next.TransferAsync(5);
        await server.StopAsync("ERROR", 5);
    }

    [Fact]
    public async Task Reset_InTheMiddleOfALargeFile_IsNeverTakenForItsEnd()
    {
        const int rounds = 50;
        await using var server = await AccioServer.StartAsync();

        for (var round = 0; round < rounds; round++)
        {
            using var client = await server.ConnectAsync();
            await client.ConfirmBothAsync();
            await client.SendAsync(FileOf(10_000 * round));
            client.Reset();
        }

        await server.TransferAsync(5);
        await server.StopAsync([.. Enumerable.Repeat("ERROR", rounds), 5]);
    }

    [Fact]
    public async Task Reset_BeforeAnythingIsRead_IsAnErrorAndTheNextClientIsServed()
    {
        await using var server = await AccioServer.StartAsync();

        using (var client = await server.ConnectAsync())
        {
            client.Reset();
        }

        await server.TransferAsync(5);
        await server.StopAsync("ERROR", 5);
    }
}
