using AccioKestrel.Tests.Client;

namespace AccioKestrel.Tests.EndToEnd;

/// <summary>System calls that fail, by each error that their manual pages list. Whatever it is, the next client is served.</summary>
public sealed class FaultTests
{
    /// <summary>By the shortest pause between two attempts to accept, 10 ms, and as many again for a test that looks too late.</summary>
    private const int MostAttemptsInASecond = 200;

    // Not EAGAIN, which only a non-blocking accept can give: the one of a inherited socket, see SystemdTests.
    [Theory]
    [InlineData("EINTR", null)]
    [InlineData("ECONNABORTED", "A client was lost")]
    [InlineData("ENETDOWN", "A client was lost")]
    [InlineData("ENETUNREACH", "A client was lost")]
    [InlineData("EHOSTDOWN", "A client was lost")]
    [InlineData("EHOSTUNREACH", "A client was lost")]
    [InlineData("ENOPROTOOPT", "A client was lost")]
    [InlineData("EOPNOTSUPP", "A client was lost")]
    [InlineData("ETIMEDOUT", "A client was lost")]
    [InlineData("EPERM", "A client was lost")]
    [InlineData("EMFILE", "Short of resources")]
    [InlineData("ENFILE", "Short of resources")]
    [InlineData("ENOBUFS", "Short of resources")]
    [InlineData("ENOMEM", "Short of resources")]
    [InlineData("ENOSR", "Short of resources")]
    [InlineData("ENONET", "Short of resources")]
    [InlineData("EPROTO", "Short of resources")]
    [InlineData("EPROTONOSUPPORT", "Short of resources")]
    [InlineData("ESOCKTNOSUPPORT", "Short of resources")]
    [InlineData("EFAULT", "Short of resources")]
    public async Task Accept_Fails_EveryClientIsServedAllTheSame(string error, string? said)
    {
        using var fault = new FaultInjection("accept4", error, when: "1");
        await using var server = await fault.StartAsync();
        var open = server.OpenSockets;

        await TransferAsync(server, 3);
        await TransferAsync(server, 3);

        // The socket of the last client is closed a little after the client has seen its end.
        await Patience.UntilEqual(open, () => server.OpenSockets);
        Assert.NotEqual(0, fault.Count);
        await server.StopAsync(0, 1, 2, 0, 1, 2);
        var log = server.Errors.ToString();
        Assert.Equal(said is "A client was lost", log.Contains("A client was lost", StringComparison.Ordinal));
        Assert.Equal(said is "Short of resources", log.Contains("Short of resources", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("ENOMEM")]
    [InlineData("EPERM")]
    public async Task Accept_GoesOnFailing_TheServerWaitsWithoutALoadAndEndsByASignal(string error)
    {
        using var fault = new FaultInjection("accept4", error, when: "1+");
        await using var server = await fault.StartAsync();
        using var client = await server.ConnectAsync();
        await Patience.UntilEqual(true, () => fault.Count > 1);
        var before = fault.Count;

        await client.ExpectSilenceAsync(seconds: 1);

        // At most one in ten milliseconds. Without a pause there would be some for each one of these.
        Assert.InRange(fault.Count - before, 0, MostAttemptsInASecond);
        await server.ExpectQueueAsync(1);
        await server.StopAsync();
        Assert.InRange(server.Errors.ToString().Split('\n').Length, 2, 300);
    }

    [Theory]
    [InlineData("EBADF")]
    [InlineData("EINVAL")]
    [InlineData("ENOTSOCK")]
    public async Task Accept_WithoutAListenSocket_EndsTheServer(string error)
    {
        using var fault = new FaultInjection("accept4", error, when: "1");
        await using var server = await fault.StartAsync();

        Assert.Equal(1, await server.ExitAsync());
        Assert.Contains("No longer listening", server.Errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Accept_Fails_IsCounted()
    {
        using var fault = new FaultInjection("accept4", "EMFILE", when: "1");
        var port = AccioServer.FreePort();
        await using var server = await fault.StartAsync($"--status {port}");
        using var status = new StatusClient(port);
        await TransferAsync(server, 3);

        var metrics = await status.TextAsync("/metrics");

        Assert.Matches("""accio_accept_errors_total\{[^}]*error_type="short_of_resources"[^}]*\} [1-9]""", metrics);
        await server.StopAsync(0, 1, 2);
    }

    [Theory]
    [InlineData("EINTR")]
    [InlineData("EAGAIN")]
    public async Task Receive_IsOnlyInterrupted_NothingIsLost(string error)
    {
        // Every other one: a receive that never succeeds would be silence.
        using var fault = new FaultInjection("recvfrom", error, when: "1+2");
        await using var server = await fault.StartAsync();

        await TransferAsync(server, 3);
        await server.TransferAsync(5_000_000);

        Assert.NotEqual(0, fault.Count);
        await server.StopAsync(0, 1, 2, 5_000_000);
    }

    [Theory]
    [InlineData("ECONNRESET")]
    [InlineData("ECONNREFUSED")]
    [InlineData("ETIMEDOUT")]
    [InlineData("EHOSTUNREACH")]
    [InlineData("ENETDOWN")]
    [InlineData("ENOTCONN")]
    [InlineData("ENOMEM")]
    [InlineData("ENOBUFS")]
    [InlineData("EIO")]
    [InlineData("EFAULT")]
    [InlineData("EINVAL")]
    [InlineData("EBADF")]
    [InlineData("ENOTSOCK")]
    public Task Receive_Fails_IsAnErrorOfThatClientAlone(string error) => ExpectErrorsOfTheirClientsAsync("recvfrom", error);

    [Theory]
    [InlineData("EACCES")]
    [InlineData("EALREADY")]
    [InlineData("EBADF")]
    [InlineData("ECONNRESET")]
    [InlineData("EDESTADDRREQ")]
    [InlineData("EFAULT")]
    [InlineData("EHOSTUNREACH")]
    [InlineData("EINVAL")]
    [InlineData("EISCONN")]
    [InlineData("EMSGSIZE")]
    [InlineData("ENETDOWN")]
    [InlineData("ENOBUFS")]
    [InlineData("ENOMEM")]
    [InlineData("ENOTCONN")]
    [InlineData("ENOTSOCK")]
    [InlineData("EOPNOTSUPP")]
    [InlineData("ETIMEDOUT")]
    public Task Send_Fails_IsAnErrorOfThatClientAlone(string error) => ExpectErrorsOfTheirClientsAsync("sendto", error);

    [Theory]
    [InlineData("EINTR")]
    [InlineData("EAGAIN")]
    [InlineData("EPIPE")]
    public async Task Send_IsInterruptedOrNotWanted_NothingIsLost(string error)
    {
        using var fault = new FaultInjection("sendto", error, when: "1");
        await using var server = await fault.StartAsync();

        for (var size = 0; size < 3; size++)
        {
            // Which does not wait for a command, as one that has not come would not be sent again.
            using var client = await server.ConnectAsync();
            await client.SendAllAtOnceAsync(size);
            await client.WaitForCloseAsync();
        }

        Assert.NotEqual(0, fault.Count);
        await server.StopAsync(0, 1, 2);
    }

    [Theory]
    [InlineData("EINTR")]
    [InlineData("EAGAIN")]
    public async Task Output_IsOnlyInterrupted_NothingIsLostOrDoubled(string error)
    {
        using var file = TemporaryFile.Of([]);
        using var fault = new FaultInjection("write", error, when: "1+2", only: $"-P '{file.Name}'");
        await using var server = await fault.StartAsync(redirection: $"> '{file.Name}'");

        await TransferAsync(server, 4);
        await server.StopAsync();

        Assert.NotEqual(0, fault.Count);
        Assert.Equal("0\n1\n2\n3\n", await File.ReadAllTextAsync(file.Name, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("EBADF")]
    [InlineData("EDESTADDRREQ")]
    [InlineData("EDQUOT")]
    [InlineData("EFAULT")]
    [InlineData("EFBIG")]
    [InlineData("EINVAL")]
    [InlineData("EIO")]
    [InlineData("ENOSPC")]
    [InlineData("EPERM")]
    [InlineData("EPIPE")]
    public async Task Output_Fails_TheResultIsSaidAndTheServerEnds(string error)
    {
        using var file = TemporaryFile.Of([]);
        using var fault = new FaultInjection("write", error, when: "1+", only: $"-P '{file.Name}'");
        await using var server = await fault.StartAsync(redirection: $"> '{file.Name}'");

        await server.TransferAsync(4321);

        Assert.Equal(1, await server.ExitAsync());
        Assert.Contains("\nERROR: The result 4321 ", server.Errors.ToString(), StringComparison.Ordinal);
        Assert.Equal(1, fault.Count);
    }

    private static async Task ExpectErrorsOfTheirClientsAsync(string call, string error)
    {
        using var fault = new FaultInjection(call, error, when: "2");
        await using var server = await fault.StartAsync();
        var lines = new List<object>();
        for (var size = 0; size < 6; size++)
        {
            var before = fault.Count;
            using var client = await server.ConnectAsync();
            try
            {
                await client.SendAllAtOnceAsync(size);
                await client.WaitForCloseAsync();
            }
            catch (System.Net.Sockets.SocketException)
            {
                // The server's part of it is what is looked at.
            }

            await server.Output.WaitUntilAsync(text => text.Count(c => c == '\n') == lines.Count + 1);
            lines.Add(fault.Count > before ? "ERROR" : size);
        }

        Assert.Contains("ERROR", lines);
        Assert.Contains(lines, line => line is int);
        await server.StopAsync(lines);
    }

    /// <summary>Transfers of 0, 1, 2 bytes and so on, one after the other.</summary>
    private static async Task TransferAsync(AccioServer server, int count)
    {
        for (var size = 0; size < count; size++)
        {
            await server.TransferAsync(size);
        }
    }
}
