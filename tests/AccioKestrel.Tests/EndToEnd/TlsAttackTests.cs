using System.Diagnostics;

namespace AccioKestrel.Tests.EndToEnd;

/// <summary>
/// Clients that keep the only turn by bytes below the exchange. Each attack goes on for as long as the server allows it: a limit
/// that is not looked at would never end it.
/// </summary>
public sealed class TlsAttackTests : IDisposable
{
    // Shorter than the poll interval of a blocked receive, also on a busy machine: no receive returns without a byte. And long enough that the
    // bytes of a hello last longer than the limits.
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(25);

    private readonly TestCertificates _certificates = new();

    /// <summary>Each of them alone, the others far away.</summary>
    public static TheoryData<string> Limits =>
        ["--idle-timeout 3", "--idle-timeout 600 --handshake-timeout 3", "--idle-timeout 600 --max-exchange-duration 3"];

    public void Dispose() => _certificates.Dispose();

    [Theory]
    [MemberData(nameof(Limits))]
    public Task Hello_ByteByByte_IsNotServedAndHasNoLine(string limits) => AttackAsync(limits, isServed: false, async attacker =>
    {
        var handshake = await attacker.HoldHelloAsync();
        await attacker.Wire.TrickleAsync(s_pause);
        await Assert.ThrowsAnyAsync<Exception>(() => handshake.OrGiveUp());
    });

    [Theory]
    [MemberData(nameof(Limits))]
    public Task Hello_Never_IsNotServedAndHasNoLine(string limits) =>
        AttackAsync(limits, isServed: false, async attacker => await Assert.ThrowsAnyAsync<Exception>(() => attacker.Wire.ReadExactlyAsync(new byte[1]).OrGiveUp()));

    [Theory]
    [MemberData(nameof(Limits))]
    public Task Garbage_ThatCompletesNoRecord_IsNotServedAndHasNoLine(string limits) => AttackAsync(limits, isServed: false, async attacker =>
    {
        attacker.Wire.Holds = true;
        // The head of a handshake record that announces 16 KiB, and some of them.
        await attacker.Wire.WriteAsync((byte[])[22, 3, 1, 0x40, 0, 1, 0, 0x3F, 0xFC, .. new byte[16_000]], TestContext.Current.CancellationToken);
        await attacker.Wire.TrickleAsync(s_pause);
    });

    [Theory]
    [MemberData(nameof(Limits))]
    public Task Record_ByteByByte_IsAnError(string limits) => AttackAsync(limits, isServed: true, async attacker =>
    {
        await attacker.ShakeHandsAsync().OrGiveUp();
        await attacker.HoldRecordAsync(16_000);
        await attacker.Wire.TrickleAsync(s_pause);
    });

    [Theory]
    [InlineData("--idle-timeout 3")]
    [InlineData("--idle-timeout 600 --min-data-rate 1000 --min-data-rate-grace-period 1.1")]
    [InlineData("--idle-timeout 600 --max-exchange-duration 3")]
    public Task Record_InTheFileByteByByte_IsAnError(string limits) => AttackAsync(limits, isServed: true, async attacker =>
    {
        await attacker.ShakeHandsAsync().OrGiveUp();
        await attacker.SendAsync(Accio.Header + "12345");
        await attacker.HoldRecordAsync(16_000);
        await attacker.Wire.TrickleAsync(s_pause);
    });

    [Theory]
    [InlineData("15-03-03-00-02-02-28")]
    [InlineData("14-03-03-00-01-01")]
    [InlineData("17-03-03-00-18-01-02-03-04-05-06-07-08-09-0A-0B-0C-0D-0E-0F-10-11-12-13-14-15-16-17-18")]
    public async Task Record_ThatTlsRefuses_InTheFile_IsAnErrorAndNoDefect(string record)
    {
        await using var server = await AccioServer.StartAsync(_certificates.ServerOptions);
        using var attacker = await TlsAdversary.ConnectServedAsync(server.Port);
        await attacker.SendAsync(Accio.Header + "12345");
        await attacker.Wire.WriteAsync(Convert.FromHexString(record.Replace("-", "", StringComparison.Ordinal)), TestContext.Current.CancellationToken);
        await server.ExpectLinesAsync("ERROR");
        await ServeNextAsync(server, 7);
        await server.StopAsync("ERROR", 7);
        Assert.DoesNotContain("fail:", server.Errors.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-tls1_3", "K")]
    [InlineData("-tls1_3", "k")]
    [InlineData("-tls1_2", "R")]
    public async Task Openssl_KeyUpdatesAndRenegotiationAlone_AreAnError(string version, string command)
    {
        await using var server = await AccioServer.StartAsync($"{_certificates.ServerOptions} --idle-timeout 3");
        // As long as the server allows it: the loop ends when its pipe is closed.
        await ChildProcess.RunShellAsync(
            $"(while sleep 0.01 && echo {command}; do :; done) | openssl s_client {version} -connect 127.0.0.1:{server.Port} -CAfile {_certificates.Authority} >&2 || true");
        await server.ExpectLinesAsync("ERROR");
        await ServeNextAsync(server, 7);
        await server.StopAsync("ERROR", 7);
    }

    [Fact]
    public async Task Hello_CutAtEachByte_IsNotServedAndCostsNoOtherClientItsTurn()
    {
        await using var server = await AccioServer.StartAsync(_certificates.ServerOptions);
        var length = await HelloLengthAsync(server);
        for (var cut = 0; cut < length; cut++)
        {
            using var attacker = await TlsAdversary.ConnectAsync(server.Port);
            _ = await attacker.HoldHelloAsync();
            await attacker.Wire.ReleaseAsync(cut);
        }

        await ServeNextAsync(server, 7);
        await server.StopAsync(7);
    }

    [Fact]
    public async Task Hello_InTwoPiecesCutAtEachByte_IsServed()
    {
        await using var server = await AccioServer.StartAsync(_certificates.ServerOptions);
        var length = await HelloLengthAsync(server);
        for (var cut = 1; cut < length; cut++)
        {
            using var client = await TlsAdversary.ConnectAsync(server.Port);
            var handshake = await client.HoldHelloAsync();
            await client.Wire.ReleaseAsync(cut);
            client.Wire.Holds = false;
            await client.Wire.ReleaseAsync(int.MaxValue);
            await handshake.OrGiveUp();
            await client.TransferAsync(cut);
        }

        await server.ExpectLinesAsync(Enumerable.Range(1, length - 1).Cast<object>());
        await server.StopAsync(Enumerable.Range(1, length - 1).Cast<object>());
    }

    [Fact]
    public async Task Client_ThatReadsNothing_IsCounted()
    {
        const int size = 3_000_000;
        await using var server = await AccioServer.StartAsync(_certificates.ServerOptions);
        using var client = await TlsAdversary.ConnectAsync(server.Port);
        // The smallest window that the kernel gives.
        client.ReceiveBufferSize = 1;
        await client.ShakeHandsAsync().OrGiveUp();
        await client.TransferAsync(size);

        await server.ExpectLinesAsync(size);
        await server.StopAsync(size);
    }

    [Fact]
    public async Task Openssl_KeyUpdatesInTheFile_AreNoBytesOfIt()
    {
        const int piece = 1000;
        Needs.Installed("openssl");
        var (server, status) = await StatusClient.StartAsync(_certificates.ServerOptions);
        await using var _ = server;
        using var __ = status;
        await using var client = new ChildProcess("openssl", ["s_client", "-tls1_3", "-connect", $"127.0.0.1:{server.Port}", "-CAfile", _certificates.Authority]);
        await client.InputAsync(Accio.Header);
        foreach (var updates in Enumerable.Range(1, 6))
        {
            await client.InputAsync(new string('x', piece));
            await status.WaitUntilAsync(report => (long?)report["current"]?["bytes"] == updates * piece);
            // One asks the server for an update of its own key too.
            await client.InputAsync(updates % 2 == 0 ? "K\n" : "k\n");
            await client.Errors.WaitUntilAsync(text => text.Split("KEYUPDATE").Length == updates + 1);
        }

        client.EndInput();
        Assert.Equal(0, await client.ExitAsync());
        await server.ExpectLinesAsync(6 * piece);
        await server.StopAsync(6 * piece);
    }

    [Fact]
    public async Task Burst_OfHostileAndRightClients_CountsTheRightOnes()
    {
        const int count = 200;
        await using var server = await AccioServer.StartAsync($"{_certificates.ServerOptions} --idle-timeout 5");

        // Three are silent, and the others hostile in six ways or right, each sort in between the others.
        await Task.WhenAll(Enumerable.Range(0, count).Select(i => i < 3 ? BeSilentAsync() : ConnectAsync(i)));

        var right = Enumerable.Range(3, count - 3).Where(i => i % 7 == 0).Select(i => AccioServer.Number(i * 1000)).Append("7").Order(StringComparer.Ordinal).ToList();
        // Clients whose own part has ended may still wait for their turn.
        await ServeNextAsync(server, 7);
        Assert.Equal(right, Lines());
        Signal.Terminate.SendTo(server.ProcessId);
        Assert.Equal(0, await server.ExitAsync());

        List<string> Lines() => [.. server.Output.ToString().Split('\n').Where(line => line is not ("" or "ERROR")).Order(StringComparer.Ordinal)];

        async Task BeSilentAsync()
        {
            using var client = await TlsAdversary.ConnectAsync(server.Port);
            await Assert.ThrowsAnyAsync<Exception>(() => client.Wire.ReadExactlyAsync(new byte[1]).AsTask().OrGiveUp());
        }

        async Task ConnectAsync(int i)
        {
            using var client = await TlsAdversary.ConnectAsync(server.Port);
            switch (i % 7)
            {
                case 0:
                    await client.ShakeHandsAsync().OrGiveUp();
                    await client.TransferAsync(i * 1000);
                    // A client that closed with commands unread would reset the connection, and lose what is still on its way.
                    await client.Tls.CopyToAsync(Stream.Null, TestContext.Current.CancellationToken).OrGiveUp();
                    break;
                case 1:
                    await client.Wire.WriteAsync(Accio.StreamOf(i), TestContext.Current.CancellationToken);
                    break;
                case 2:
                    _ = await client.HoldHelloAsync();
                    await client.Wire.ReleaseAsync(i);
                    break;
                case 3:
                    client.Reset();
                    break;
                case 4:
                    await client.ShakeHandsAsync().OrGiveUp();
                    await client.SendAsync(Accio.FirstConfirmation);
                    break;
                case 5:
                    await client.ShakeHandsAsync().OrGiveUp();
                    await client.SendAsync(Accio.Header + "12345");
                    client.Reset();
                    break;
                default:
                    await client.ShakeHandsAsync().OrGiveUp();
                    await client.SendAsync("GET / HTTP/1.1\r\n\r\n");
                    break;
            }
        }
    }

    [Fact]
    public async Task Handshake_OnlyJustInTime_LeavesTheRestOfTheSilenceAlone()
    {
        // The clock of the silence goes on through the handshake: only bytes of the exchange set it back.
        await using var server = await AccioServer.StartAsync($"{_certificates.ServerOptions} --idle-timeout 4");
        using var attacker = await TlsAdversary.ConnectAsync(server.Port);
        var clock = Stopwatch.StartNew();
        var handshake = await attacker.HoldHelloAsync();
        await Task.Delay(TimeSpan.FromSeconds(3), TestContext.Current.CancellationToken);
        attacker.Wire.Holds = false;
        await attacker.Wire.ReleaseAsync(int.MaxValue);
        await handshake.OrGiveUp();
        var shaken = clock.Elapsed;

        await server.ExpectLinesAsync("ERROR");

        Assert.True(clock.Elapsed >= TimeSpan.FromSeconds(4), $"It ended after {clock.Elapsed}.");
        Assert.True(clock.Elapsed - shaken < TimeSpan.FromSeconds(4), $"The silence of 4 s was counted again from {shaken}, and lasted until {clock.Elapsed}.");
        await server.StopAsync("ERROR");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Stop_DuringAHandshake_IsAtOnce(bool trickles)
    {
        await using var server = await AccioServer.StartAsync($"{_certificates.ServerOptions} --idle-timeout 600 --shutdown-grace 120");
        using var attacker = await TlsAdversary.ConnectAsync(server.Port);
        _ = await attacker.HoldHelloAsync();
        var trickle = trickles ? attacker.Wire.TrickleAsync(s_pause) : Task.CompletedTask;
        await server.ExpectQueueAsync(0);

        // No file is in transfer, so nothing is waited for: the grace would be 120 s.
        Assert.InRange(await server.StopAsync(), TimeSpan.Zero, TimeSpan.FromSeconds(60));
        await trickle.OrGiveUp();
    }

    [Fact]
    public async Task Client_InItsHandshake_IsShown()
    {
        var (server, status) = await StatusClient.StartAsync($"{_certificates.ServerOptions} --idle-timeout 5");
        await using var _ = server;
        using var __ = status;
        using var client = await TlsAdversary.ConnectAsync(server.Port);

        var report = await status.WaitUntilAsync(report => report["current"] is not null);

        Assert.Equal("tlsHandshake", (string?)report["current"]!["step"]);
        Assert.Contains("accio_active_connections{", await status.TextAsync("/metrics"), StringComparison.Ordinal);
        Assert.Matches("accio_active_connections\\{[^}]*\\} 1", await status.TextAsync("/metrics"));

        // It is never served, so it is counted by itself, and said.
        await status.WaitUntilAsync(report => report["current"] is null);
        Assert.Matches("accio_failed_tls_handshakes_total\\{[^}]*\\} 1", await status.TextAsync("/metrics"));
        await server.Errors.WaitUntilAsync(text => text.Contains("TLS handshake failed after ", StringComparison.Ordinal));
        await server.StopAsync();
    }

    [Fact]
    public async Task Log_SaysWhyAHandshakeHasFailed()
    {
        await using var server = await AccioServer.StartAsync($"{_certificates.ServerOptions} --tls-client-ca {_certificates.Authority}");
        using (var plain = await server.ConnectAsync())
        {
            await plain.SendAsync(Accio.StreamOf(5));
            await server.Errors.WaitUntilAsync(text => text.Contains("TLS handshake failed", StringComparison.Ordinal));
        }

        using (var nameless = await TlsAdversary.ConnectServedAsync(server.Port))
        {
            await server.Errors.WaitUntilAsync(text => text.Split("TLS handshake failed").Length == 3);
        }

        await server.StopAsync();
        Assert.DoesNotContain("   at ", server.Errors.ToString(), StringComparison.Ordinal);
    }

    private async Task AttackAsync(string limits, bool isServed, Func<TlsAdversary, Task> attack)
    {
        await using var server = await AccioServer.StartAsync($"{_certificates.ServerOptions} {limits}");
        using var attacker = await TlsAdversary.ConnectAsync(server.Port);
        var attacking = attack(attacker);
        await ServeNextAsync(server, 7);
        await attacking.OrGiveUp();
        await server.StopAsync(isServed ? ["ERROR", 7] : [7]);
    }

    private static async Task<int> HelloLengthAsync(AccioServer server)
    {
        using var client = await TlsAdversary.ConnectAsync(server.Port);
        _ = await client.HoldHelloAsync();
        return client.Wire.Held;
    }

    /// <summary>A client that has waited for its turn all the time.</summary>
    private static async Task ServeNextAsync(AccioServer server, int size)
    {
        using var next = await TlsAdversary.ConnectServedAsync(server.Port);
        await next.TransferAsync(size);
        await server.Output.WaitUntilAsync(text => text.EndsWith($"{size}\n", StringComparison.Ordinal));
    }
}
