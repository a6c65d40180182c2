using System.Net.Sockets;

namespace AccioKestrel.Tests.EndToEnd;

/// <summary>Load balancers that send PROXY headers, right and wrong ones, to the real program.</summary>
public sealed class ProxyProtocolTests
{
    private const string Balancer = "--proxy-protocol 192.0.2.0/24,127.0.0.1/32";

    /// <summary>Headers with the client that the log names.</summary>
    public static TheoryData<byte[], string> Headers => new()
    {
        { Accio.Bytes(ProxyHeaders.Line("192.0.2.7:40222")), "192.0.2.7:40222" },
        { Accio.Bytes(ProxyHeaders.Line("[2001:db8::7]:40222")), "[2001:db8::7]:40222" },
        { ProxyHeaders.Binary("192.0.2.7:40222"), "192.0.2.7:40222" },
        { ProxyHeaders.Binary("[2001:db8::7]:40222", fields: 10_000), "[2001:db8::7]:40222" },
        { ProxyHeaders.Binary("192.0.2.7:40222", fields: 65_523), "192.0.2.7:40222" },
        { Accio.Bytes("PROXY UNKNOWN\r\n"), "127.0.0.1:" },
        { Accio.Bytes(ProxyHeaders.Local), "127.0.0.1:" },
    };

    [Theory]
    [MemberData(nameof(Headers))]
    public async Task Header_NamesTheClient_AndTheExchangeIsAsWithoutIt(byte[] header, string peer)
    {
        await using var server = await AccioServer.StartAsync(Balancer);
        using (var client = await AccioClient.ConnectAsync(server.Port))
        {
            await client.SendAsync(header);
            await client.TransferAsync(20_000_000);
        }

        // All in one segment, as from a client that does not wait.
        using (var eager = await AccioClient.ConnectAsync(server.Port))
        {
            await eager.SendAsync((byte[])[.. header, .. Accio.StreamOf(5)]);
            eager.HalfClose();
            await eager.WaitForCloseAsync();
        }

        await server.StopAsync(20_000_000, 5);
        Assert.Contains($" {peer}", server.Errors.ToString(), StringComparison.Ordinal);
        Assert.Equal(3, server.Errors.ToString().Split($" {peer}").Length);
    }

    [Fact]
    public async Task Header_ByteByByte_IsTaken()
    {
        await using var server = await AccioServer.StartAsync(Balancer);
        using var client = await AccioClient.ConnectAsync(server.Port);
        foreach (var value in ProxyHeaders.Binary("192.0.2.7:40222"))
        {
            await client.SendAsync((byte[])[value]);
        }

        await client.TransferAsync(7);
        await server.StopAsync(7);
    }

    [Fact]
    public async Task Peer_OutsideOfTheNetworks_IsAClientLikeAnyOther()
    {
        await using var server = await AccioServer.StartAsync("--proxy-protocol 192.0.2.0/24");
        await server.TransferAsync(5);
        using (var client = await AccioClient.ConnectAsync(server.Port))
        {
            await client.ExpectCommandAsync();
            await client.SendAsync(ProxyHeaders.Line("192.0.2.7:40222"));
            await client.WaitForCloseAsync();
        }

        await server.StopAsync(5, "ERROR");
    }

    [Fact]
    public async Task Header_Twice_IsAWrongConfirmationOfTheClient()
    {
        await using var server = await AccioServer.StartAsync(Balancer);
        using (var client = await AccioClient.ConnectAsync(server.Port))
        {
            await client.SendAsync(ProxyHeaders.Line("192.0.2.7:40222"));
            await client.SendAsync(ProxyHeaders.Line("192.0.2.8:40222"));
            await server.ExpectLinesAsync("ERROR");
        }

        await server.StopAsync("ERROR");
        Assert.Contains(" 192.0.2.7:40222: ERROR after ", server.Errors.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("confirm-accio\r\n", "its PROXY header is missing or wrong")]
    [InlineData("PROXY TCP4 1.2.3 4.5.6.7 8 9\r\n", "its PROXY header is missing or wrong")]
    [InlineData("PROXY TCP4 192.0.2.7 19", "it ended inside its PROXY header")]
    [InlineData("", "no complete PROXY header within 3 s")]
    [InlineData(ProxyHeaders.Signature + "\x21\x11\xFF\xFF............", "no complete PROXY header within 3 s")]
    public async Task Header_WrongOrMissing_IsRefusedWithoutALineLoggedAndCounted(string sent, string reason)
    {
        var (server, status) = await StatusClient.StartAsync(Balancer);
        await using var _ = server;
        using var __ = status;
        using (var balancer = await AccioClient.ConnectAsync(server.Port))
        {
            await balancer.SendAsync(sent);
            if (reason.StartsWith("it ended", StringComparison.Ordinal))
            {
                balancer.HalfClose();
            }

            await balancer.WaitForResetAsync();
        }

        using (var next = await AccioClient.ConnectAsync(server.Port))
        {
            await next.SendAsync(ProxyHeaders.Line("192.0.2.7:40222"));
            await next.TransferAsync(7);
        }

        Assert.Matches("accio_failed_proxy_headers_total\\{[^}]*\\} 1\n", await status.TextAsync("/metrics"));
        await server.StopAsync(7);
        Assert.Matches($@"warn: AccioKestrel.AccioConnectionHandler\[60\] [0-9A-F]+ 127\.0\.0\.1:\d+: load balancer's connection refused, {reason}\n", server.Errors.ToString());
    }

    [Fact]
    public async Task Header_ThatTrickles_IsRefusedThoughBytesGoOnComing()
    {
        await using var server = await AccioServer.StartAsync(Balancer);
        using var balancer = await AccioClient.ConnectAsync(server.Port);
        await balancer.SendAsync(ProxyHeaders.Signature + "\x21\x11\xFF\xFF");
        // For as long as the server allows it: a limit that is not looked at would take 55 minutes.
        await Assert.ThrowsAsync<SocketException>(async () =>
        {
            while (true)
            {
                await balancer.SendAsync("x");
                await Task.Delay(TimeSpan.FromMilliseconds(50), TestContext.Current.CancellationToken);
            }
        });
        await server.StopAsync();
        Assert.Contains("no complete PROXY header within 3 s", server.Errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stop_DuringTheHeader_EndsTheServerAtOnceWithoutALine()
    {
        await using var server = await AccioServer.StartAsync(Balancer);
        using var balancer = await AccioClient.ConnectAsync(server.Port);
        await balancer.SendAsync("PROXY ");
        // The server waits for the rest when it has taken this part out of the kernel's queue.
        await Patience.UntilEqual(true, () => TcpTable.Read().Any(socket =>
            socket.Local.EndsWith($":{server.Port:X4}", StringComparison.Ordinal) && socket.Remote.EndsWith($":{balancer.LocalPort:X4}", StringComparison.Ordinal)
            && socket is { State: TcpTable.Established, Queues: "00000000:00000000" }));
        await server.StopAsync();
        // Had the wait ended by its own limit, the log would say so.
        Assert.DoesNotContain("refused", server.Errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task HealthChecks_AThousand_GetNoLineAndCostNoClientItsTurn()
    {
        var (server, status) = await StatusClient.StartAsync(Balancer);
        await using var _ = server;
        using var __ = status;
        string[] checks = ["", ProxyHeaders.Local, "PROXY UNKNOWN\r\n", "self"];
        for (var i = 0; i < 1000; i++)
        {
            using var balancer = await AccioClient.ConnectAsync(server.Port);
            await balancer.SendAsync(checks[i % 4] is "self" ? ProxyHeaders.Line($"127.0.0.1:{balancer.LocalPort}") : checks[i % 4]);
            if (i % 8 < 4)
            {
                balancer.Reset();
            }
        }

        using (var client = await AccioClient.ConnectAsync(server.Port))
        {
            await client.SendAsync(ProxyHeaders.Line("192.0.2.7:40222"));
            await client.TransferAsync(7);
        }

        var metrics = await status.TextAsync("/metrics");
        Assert.Matches("accio_failed_proxy_headers_total\\{[^}]*\\} 0\n", metrics);
        Assert.Matches("accio_active_connections\\{[^}]*\\} 0\n", metrics);
        // A stop in the middle of one.
        using var last = await AccioClient.ConnectAsync(server.Port);
        await last.SendAsync(ProxyHeaders.Local);
        await last.ExpectCommandAsync();
        await server.StopAsync(7);
        Assert.DoesNotContain("ERROR", server.Errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Client_OfABalancer_ThatSaysNothingOrResets_IsStillAnError()
    {
        await using var server = await AccioServer.StartAsync(Balancer);
        using (var client = await AccioClient.ConnectAsync(server.Port))
        {
            await client.SendAsync(ProxyHeaders.Line("192.0.2.7:40222"));
            await client.ExpectCommandAsync();
        }

        // A connection of the balancer's own in which bytes came is an exchange.
        using (var client = await AccioClient.ConnectAsync(server.Port))
        {
            await client.SendAsync(ProxyHeaders.Local + "c");
            await client.ExpectCommandAsync();
            client.HalfClose();
            await client.WaitForCloseAsync();
        }

        await server.StopAsync("ERROR", "ERROR");
    }

    [Fact]
    public async Task Allow_BehindABalancer_IsForTheClientsOfTheHeaders()
    {
        var (server, status) = await StatusClient.StartAsync($"{Balancer} --allow 203.0.113.0/24");
        await using var _ = server;
        using var __ = status;
        using (var stranger = await AccioClient.ConnectAsync(server.Port))
        {
            await stranger.SendAsync(ProxyHeaders.Line("198.51.100.7:40222"));
            Assert.Empty(await stranger.WaitForCloseAsync());
        }

        using (var client = await AccioClient.ConnectAsync(server.Port))
        {
            await client.SendAsync(ProxyHeaders.Binary("203.0.113.7:40222"));
            await client.TransferAsync(7);
        }

        // The health check of a balancer, which is no client. It comes every few seconds.
        using (var check = await AccioClient.ConnectAsync(server.Port))
        {
            await check.SendAsync("PROXY UNKNOWN\r\n");
            Assert.Empty(await check.WaitForCloseAsync());
        }

        Assert.Matches("accio_refused_connections_total\\{[^}]*\\} 1\n", await status.TextAsync("/metrics"));
        await server.StopAsync(7);
    }

    [Fact]
    public async Task Tls_BehindAHeader_IsAsWithoutIt()
    {
        using var certificates = new TestCertificates();
        var (server, status) = await StatusClient.StartAsync($"{Balancer} {certificates.ServerOptions}");
        await using var _ = server;
        using var __ = status;
        using (var client = await TlsAdversary.ConnectAsync(server.Port))
        {
            await client.Wire.WriteAsync(ProxyHeaders.Binary("192.0.2.7:40222", fields: 100), TestContext.Current.CancellationToken);
            await client.ShakeHandsAsync().OrGiveUp();
            await client.TransferAsync(1_000_000);
            await server.ExpectLinesAsync(1_000_000);
        }

        foreach (var ownHeader in (string[])[ProxyHeaders.Local, "PROXY UNKNOWN\r\n"])
        {
            using var balancer = await AccioClient.ConnectAsync(server.Port);
            await balancer.SendAsync(ownHeader);
            balancer.HalfClose();
            await balancer.WaitForCloseAsync();
        }

        Assert.Matches("accio_failed_tls_handshakes_total\\{[^}]*\\} 0\n", await status.TextAsync("/metrics"));
        await server.StopAsync(1_000_000);
        Assert.Contains(" 192.0.2.7:40222: 1000000 bytes", server.Errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Balancer_ByIPv4OnADualStackAddress_IsByItsIPv4Address()
    {
        Needs.IPv6();
        var port = AccioServer.FreePort();
        await using var server = new ChildProcess(AccioServer.Binary, [AccioServer.Number(port), "--listen", "::", "--proxy-protocol", "127.0.0.0/8"]);
        await server.Errors.WaitUntilAsync(text => text.Contains("Listening on ", StringComparison.Ordinal));
        using (var check = await AccioClient.ConnectAsync(port))
        {
            await check.SendAsync(ProxyHeaders.Line($"127.0.0.1:{check.LocalPort}"));
        }

        using var client = await AccioClient.ConnectAsync(port);
        await client.SendAsync(ProxyHeaders.Line("192.0.2.7:40222"));
        await client.TransferAsync(7);
        await server.Output.WaitUntilAsync(text => text.Equals("7\n", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Networks_AsAJsonArray_AreAList()
    {
        var file = Path.Combine(Path.GetTempPath(), $"accio-proxy-{Guid.NewGuid():N}.json");
        await File.WriteAllTextAsync(file, """{ "Accio": { "ProxyProtocol": ["192.0.2.0/24", "127.0.0.1/32"] } }""", TestContext.Current.CancellationToken);
        await using (var server = await AccioServer.StartAsync($"--config {file}"))
        {
            using var client = await AccioClient.ConnectAsync(server.Port);
            await client.SendAsync(ProxyHeaders.Line("192.0.2.7:40222"));
            await client.TransferAsync(7);
            await server.StopAsync(7);
        }

        File.Delete(file);
    }
}
