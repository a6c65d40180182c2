using System.Net;
using AccioKestrel.Tests.EndToEnd;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AccioKestrel.Tests.Hosting;

/// <summary>TLS in front of the exchange, on our transport and on the stock one: the clocks of both are the same.</summary>
public sealed class TlsHostTests : IDisposable
{
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
