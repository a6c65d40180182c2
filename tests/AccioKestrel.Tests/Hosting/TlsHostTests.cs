using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using AccioKestrel.Tests.EndToEnd;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace AccioKestrel.Tests.Hosting;

/// <summary>TLS in front of the exchange, on our transport and on the stock one: the clocks of both are the same.</summary>
public sealed class TlsHostTests : IDisposable
{
    private const int TlsOptionsFailed = 58;

    private readonly TestCertificates _certificates = new();

    public void Dispose() => _certificates.Dispose();

    [Theory]
    [InlineData(false, "hello")]
    [InlineData(true, "hello")]
    [InlineData(false, "record")]
    [InlineData(true, "record")]
    [InlineData(false, "nothing")]
    [InlineData(true, "nothing")]
    public async Task Client_ThatCompletesNothing_LosesItsTurn(bool stock, string attack)
    {
        var results = new ResultQueue();
        await using var app = Build(stock, results);
        await app.StartAsync(TestContext.Current.CancellationToken).OrGiveUp();
        var port = app.AccioPorts()[0];

        using var attacker = await TlsAdversary.ConnectAsync(port);
        switch (attack)
        {
            case "hello":
                _ = await attacker.HoldHelloAsync();
                break;
            case "record":
                await attacker.ShakeHandsAsync().OrGiveUp();
                await attacker.HoldRecordAsync(16_000);
                break;
        }

        var trickle = attack is "nothing" ? Task.CompletedTask : attacker.Wire.TrickleAsync(TimeSpan.FromMilliseconds(5));
        using var next = await TlsAdversary.ConnectServedAsync(port);
        await next.TransferAsync(7);
        if (attack is "record")
        {
            Assert.Equal(ExchangeFailure.IdleTimeout, (await results.NextAsync()).Failure);
        }

        Assert.Equal((7, null), await results.NextOutcomeAsync());
        await app.StopAsync(TestContext.Current.CancellationToken).OrGiveUp();
        await trickle.OrGiveUp();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Stop_WhoseTokenIsCanceledDuringAFile_IsAnError(bool stock)
    {
        var results = new ResultQueue();
        await using var app = Build(stock, results);
        await app.StartAsync(TestContext.Current.CancellationToken).OrGiveUp();
        using var client = await TlsAdversary.ConnectServedAsync(app.AccioPorts()[0]);
        await client.SendAsync(Accio.Header + "12345");
        var history = app.Services.GetRequiredService<ExchangeHistory>();
        await Patience.UntilEqual(5L, () => history.Current?.Bytes);

        await app.StopAsync(new CancellationToken(canceled: true)).OrGiveUp();

        Assert.Equal((5, ExchangeFailure.ServerStopped), await results.NextOutcomeAsync());
    }

    [Fact]
    public async Task Certificate_IsServed_AndTheStatusSaysSo()
    {
        using var certificate = X509Certificate2.CreateFromPemFile(_certificates.Server, _certificates.ServerKey);
        var results = new ResultQueue();
        await using var app = Build(results, listen => listen.UseAccioTls(certificate));
        app.MapAccioStatus("/accio");
        await app.StartAsync(TestContext.Current.CancellationToken).OrGiveUp();
        using var client = await TlsAdversary.ConnectServedAsync(app.AccioPorts()[0]);
        await client.TransferAsync(5);

        Assert.Equal((5, null), await results.NextOutcomeAsync());
        using var http = new StatusClient(new Uri(app.Urls.Single()).Port);
        Assert.Contains("\"tls\":true,\"tlsClientCertificate\":false,\"clientCommand\":null", await http.TextAsync("/accio/api/status"), StringComparison.Ordinal);
        await app.StopAsync(TestContext.Current.CancellationToken).OrGiveUp();
    }

    [Fact]
    public void Certificate_WithoutItsKey_IsRefusedWhereItIsGiven()
    {
        using var certificate = X509CertificateLoader.LoadCertificateFromFile(_certificates.Server);
        var exception = Assert.Throws<ArgumentException>(() => Build(new ResultQueue(), listen => listen.UseAccioTls(certificate)));
        Assert.StartsWith("The certificate has no private key", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("fail", "has failed: no certificate yet")]
    [InlineData("wait", "has not answered in time")]
    [InlineData("block", "has not answered in time")]
    [InlineData("throw", "has not answered in time")]
    [InlineData("return", "has not answered in time")]
    [InlineData("none", "has returned no certificate with a private key")]
    [InlineData("empty", "has returned no certificate with a private key")]
    public async Task Options_ThatDoNotCome_CostOneClientItsTurn_AndAreAnErrorOfTheHost(string fault, string problem)
    {
        using var certificate = X509Certificate2.CreateFromPemFile(_certificates.Server, _certificates.ServerKey);
        var results = new ResultQueue();
        using var log = new LogQueue();
        using var back = new ManualResetEventSlim();
        var asked = 0;
        await using var app = Build(results, listen => listen.UseAccioTls(OptionsAsync), log, idleTimeout: problem is "has not answered in time" ? 5 : 10);
        await app.StartAsync(TestContext.Current.CancellationToken).OrGiveUp();
        using (var refused = await TlsAdversary.ConnectAsync(app.AccioPorts()[0]))
        {
            await Assert.ThrowsAnyAsync<IOException>(() => refused.ShakeHandsAsync().OrGiveUp());
        }

        // Before the next client comes.
        await Patience.UntilEqual(1, () => log.Of(TlsOptionsFailed).Count);
        Assert.Equal([$"A TLS handshake could not begin: the function that UseAccioTls was given {problem}"], log.Of(TlsOptionsFailed));
        using var client = await TlsAdversary.ConnectServedAsync(app.AccioPorts()[0]);
        await client.TransferAsync(5);

        // The refused client has no result.
        Assert.Equal((5, null), await results.NextOutcomeAsync());
        Assert.Equal(1, app.Services.GetRequiredService<ExchangeHistory>().FailedTlsHandshakes);
        back.Set();
        await app.StopAsync(TestContext.Current.CancellationToken).OrGiveUp();

        async ValueTask<SslServerAuthenticationOptions> OptionsAsync(CancellationToken cancellationToken)
        {
            if (Interlocked.Increment(ref asked) > 1)
            {
                return new SslServerAuthenticationOptions { ServerCertificate = certificate };
            }

            switch (fault)
            {
                case "fail":
                    throw new InvalidOperationException("no certificate yet");
                case "wait":
                    await Task.Delay(Timeout.Infinite, cancellationToken);
                    break;
                case "block":
                    back.Wait(CancellationToken.None);
                    break;
                case "throw":
                    // What a function registers with its token must not harm the host, nor hold up its clients.
                    cancellationToken.Register(() => back.Wait(CancellationToken.None));
                    cancellationToken.Register(() => throw new InvalidOperationException("The callback fails."));
                    await Task.Delay(Timeout.Infinite, CancellationToken.None);
                    break;
                case "return":
                    await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    return new SslServerAuthenticationOptions { ServerCertificate = certificate };
                case "empty":
                    return new SslServerAuthenticationOptions();
            }

            return null!;
        }
    }

    [Fact]
    public async Task Handshake_ThatAFunctionOfTheHostHasHeldUpTooLong_ServesNoClient()
    {
        using var certificate = X509Certificate2.CreateFromPemFile(_certificates.Server, _certificates.ServerKey);
        var results = new ResultQueue();
        const double idleTimeout = 5;
        ExchangeHistory? history = null;
        var asked = 0;
        var options = new SslServerAuthenticationOptions
        {
            ServerCertificateSelectionCallback = (_, _) =>
            {
                if (Interlocked.Increment(ref asked) == 1)
                {
                    // Blocks until the client's time is over, with what is added to the idle time-out.
                    Patience.UntilEqual(true, () => history?.Current?.Silence > TimeSpan.FromSeconds(idleTimeout + 1)).GetAwaiter().GetResult();
                }

                return certificate;
            },
        };
        await using var app = Build(results, listen => listen.UseAccioTls(_ => ValueTask.FromResult(options)), idleTimeout: idleTimeout);
        await app.StartAsync(TestContext.Current.CancellationToken).OrGiveUp();
        history = app.Services.GetRequiredService<ExchangeHistory>();
        using (var late = await TlsAdversary.ConnectAsync(app.AccioPorts()[0]))
        {
            // Whether the client learns of it before it has sent its file depends on the moment of the reset.
            _ = await Record.ExceptionAsync(async () =>
            {
                await late.ShakeHandsAsync().OrGiveUp();
                await late.TransferAsync(7);
            });
        }

        using var client = await TlsAdversary.ConnectServedAsync(app.AccioPorts()[0]);
        await client.TransferAsync(5);
        Assert.Equal((5, null), await results.NextOutcomeAsync());
        Assert.Equal(1, history.FailedTlsHandshakes);
        await app.StopAsync(TestContext.Current.CancellationToken).OrGiveUp();
    }

    [Fact]
    public async Task ClientCertificate_ThatNamesADownload_StartsNone()
    {
        using var certificate = X509Certificate2.CreateFromPemFile(_certificates.Server, _certificates.ServerKey);
        var options = new SslServerAuthenticationOptions { ServerCertificate = certificate, ClientCertificateRequired = true };
        var source = new TlsOptionsSource(_ => ValueTask.FromResult(options), NullLogger.Instance, CancellationToken.None);

        Assert.True((await source.AskAsync(TestContext.Current.CancellationToken)).CertificateChainPolicy?.DisableCertificateDownloads);
    }

    [Fact]
    public void UseAccioTls_Twice_IsRefusedWhereItIsCalled()
    {
        using var certificate = X509Certificate2.CreateFromPemFile(_certificates.Server, _certificates.ServerKey);
        Assert.Throws<InvalidOperationException>(() => Build(new ResultQueue(), listen => listen.UseAccioTls(certificate).UseAccioTls(certificate)));
    }

    private static WebApplication Build(ResultQueue results, Action<ListenOptions> configure, LogQueue? log = null, double idleTimeout = 10)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        if (log is not null)
        {
            builder.Logging.AddProvider(log);
        }

        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton<IResultReceiver>(results);
        builder.Services.AddAccio(options => options.IdleTimeout = idleTimeout);
        builder.Services.AddAccioStatus();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenAccio(IPAddress.Loopback, 0, configure));
        return builder.Build();
    }

    private WebApplication Build(bool stock, ResultQueue results)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton<IResultReceiver>(results);
        builder.Services.AddAccio(options => options.IdleTimeout = 1);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            var certificates = new TlsCertificates(_certificates.Server, _certificates.ServerKey, clientAuthorityFile: null);
            if (stock)
            {
                kestrel.Listen(IPAddress.Loopback, 0, listen =>
                {
                    listen.UseTls(certificates);
                    listen.UseConnectionHandler<AccioConnectionHandler>();
                });
            }
            else
            {
                kestrel.ListenAccio(IPAddress.Loopback, 0, listen => listen.UseTls(certificates));
            }
        });
        return builder.Build();
    }
}
