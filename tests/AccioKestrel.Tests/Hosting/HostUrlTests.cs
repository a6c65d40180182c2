using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using AccioKestrel.Tests.EndToEnd;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AccioKestrel.Tests.Hosting;

/// <summary><c>ListenAccio</c> leaves the HTTP addresses of a host as they are, wherever they come from.</summary>
public sealed class HostUrlTests : IDisposable
{
    private const string AnyPort = "http://127.0.0.1:0";

    private readonly TestCertificates _certificates = new();

    public void Dispose() => _certificates.Dispose();

    [Theory]
    [InlineData("--urls", AnyPort)]
    [InlineData("--urls", $"{AnyPort};{AnyPort}")]
    [InlineData("--urls", $"https://127.0.0.1:0;{AnyPort}")]
    [InlineData("--http_ports", "0")]
    [InlineData("--Kestrel:Endpoints:Web:Url", AnyPort)]
    [InlineData("--Kestrel:Endpoints:Web:Url", "https://127.0.0.1:0")]
    public async Task Urls_OfTheConfiguration_ServeHttpBesideAccio(string key, string value)
    {
        var builder = NewBuilder(key, value);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenAccio(IPAddress.Loopback, 0));
        await ExpectBothAsync(builder, urls: value.Split(';').Length);
    }

    [Fact]
    public async Task Urls_InCode_ServeHttpBesideAccio()
    {
        var builder = NewBuilder();
        builder.WebHost.UseUrls(AnyPort).ConfigureKestrel(kestrel => kestrel.ListenAccio(IPAddress.Loopback, 0));
        await ExpectBothAsync(builder, urls: 1);
    }

    [Fact]
    public async Task Endpoints_InCode_ServeHttpBesideAccio_WithTheirDefaultsAndLimits()
    {
        var builder = NewBuilder();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            // Both would break an Accio endpoint on the same Kestrel.
            kestrel.ConfigureEndpointDefaults(endpoint => endpoint.UseHttps());
            kestrel.Limits.MaxConcurrentConnections = 1;
            kestrel.ListenAccio(IPAddress.Loopback, 0).Listen(IPAddress.Loopback, 0);
        });
        await ExpectBothAsync(builder, urls: 1);
    }

    [Fact]
    public async Task Middleware_OfKestrel_WorksInFrontOfTheExchange()
    {
        using var pem = X509Certificate2.CreateFromPemFile(_certificates.Server, _certificates.ServerKey);
        // Windows refuses a key that is only in memory.
        using var certificate = X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12, ""), "");
        var builder = NewBuilder("--urls", AnyPort);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenAccio(IPAddress.Loopback, 0, endpoint => endpoint.UseConnectionLogging().UseHttps(certificate)));
        await using var app = builder.Build();
        await app.StartAsync(TestContext.Current.CancellationToken).OrGiveUp();
        using var client = await TlsAdversary.ConnectServedAsync(app.AccioPorts().Single());
        await client.TransferAsync(7);
        var history = app.Services.GetRequiredService<ExchangeHistory>();
        await Patience.UntilEqual(1, () => history.Snapshot().Counted);
        Assert.Equal(7, history.Snapshot().Bytes);
        await app.StopAsync(TestContext.Current.CancellationToken).OrGiveUp();
    }

    [Fact]
    public async Task Options_ThatAreBuiltTwice_HaveOneEndpoint()
    {
        var builder = NewBuilder("--urls", AnyPort);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenAccio(IPAddress.Loopback, AccioServer.FreePort()));
        await using var app = builder.Build();
        _ = app.Services.GetRequiredService<IOptionsMonitor<KestrelServerOptions>>().CurrentValue;
        await app.StartAsync(TestContext.Current.CancellationToken).OrGiveUp();
        Assert.Single(app.AccioPorts());
        await app.StopAsync(TestContext.Current.CancellationToken).OrGiveUp();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AccioPort_ThatIsInUse_StopsTheStartWithTheReason(bool byTheHost)
    {
        using var other = new Socket(SocketType.Stream, ProtocolType.Tcp);
        other.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        other.Listen();
        var builder = NewBuilder("--urls", byTheHost ? $"http://127.0.0.1:{AccioServer.FreePort()}" : AnyPort);
        var port = byTheHost ? new Uri(builder.Configuration["urls"]!).Port : ((IPEndPoint)other.LocalEndPoint!).Port;
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenAccio(port));
        await using var app = builder.Build();
        var exception = await Assert.ThrowsAsync<IOException>(() => app.StartAsync(TestContext.Current.CancellationToken).OrGiveUp());
        var cause = byTheHost ? $"this host serves http://127.0.0.1:{port} on the same port" : "another program, or another ListenAccio of this host, listens on that port";
        Assert.Equal($"Accio cannot listen on 0.0.0.0:{port}, because {cause}. Give ListenAccio another port.", exception.Message);
    }

    [Fact]
    public async Task Host_WithAnotherServerThanKestrel_ServesAccio()
    {
        var builder = NewBuilder();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenAccio(IPAddress.Loopback, 0));
        builder.Services.AddSingleton<IServer>(new OtherServer());
        await using var app = builder.Build();
        await app.StartAsync(TestContext.Current.CancellationToken).OrGiveUp();
        using (var client = await AccioClient.ConnectAsync(app.AccioPorts().Single()))
        {
            await client.TransferAsync(7);
        }

        await app.StopAsync(TestContext.Current.CancellationToken).OrGiveUp();
        Assert.Equal(7, app.Services.GetRequiredService<ExchangeHistory>().Snapshot().Bytes);
    }

    [Fact]
    public async Task Stop_DuringAnHttpRequest_AcceptsNoClientAnyMore()
    {
        var builder = NewBuilder("--urls", AnyPort);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenAccio(IPAddress.Loopback, 0));
        await using var app = builder.Build();
        var (begun, ended) = (new TaskCompletionSource(), new TaskCompletionSource());
        app.MapGet("/", async () =>
        {
            begun.SetResult();
            await ended.Task;
            return "hello";
        });
        await app.StartAsync(TestContext.Current.CancellationToken).OrGiveUp();
        using var http = new HttpClient { Timeout = Patience.Limit };
        var request = http.GetStringAsync(new Uri(app.Urls.Single()), TestContext.Current.CancellationToken);
        await begun.Task.OrGiveUp();

        var stop = app.StopAsync(TestContext.Current.CancellationToken);
        var listeners = app.Services.GetRequiredService<BoundListeners>();
        await Patience.UntilEqual(0, () => listeners.All.Count);
        Assert.False(stop.IsCompleted);
        ended.SetResult();
        Assert.Equal("hello", await request.OrGiveUp());
        await stop.OrGiveUp();
    }

    [Fact]
    public async Task HealthCheck_IsHealthyWhileClientsAreAccepted()
    {
        var builder = NewBuilder("--urls", AnyPort);
        builder.Services.AddHealthChecks().AddAccio(tags: ["ready"]);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenAccio(IPAddress.Loopback, 0));
        await using var app = builder.Build();
        var health = app.Services.GetRequiredService<HealthCheckService>();
        Assert.Equal(HealthStatus.Unhealthy, (await health.CheckHealthAsync(TestContext.Current.CancellationToken)).Entries["accio"].Status);
        await app.StartAsync(TestContext.Current.CancellationToken).OrGiveUp();
        Assert.Equal(HealthStatus.Healthy, (await health.CheckHealthAsync(TestContext.Current.CancellationToken)).Entries["accio"].Status);
        await app.StopAsync(TestContext.Current.CancellationToken).OrGiveUp();
    }

    /// <summary>A builder with what <c>dotnet new web</c> has, and a certificate for addresses with TLS.</summary>
    private WebApplicationBuilder NewBuilder(params string[] args)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, EnvironmentName = "Production", ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection([
            new("Kestrel:Certificates:Default:Path", _certificates.Server), new("Kestrel:Certificates:Default:KeyPath", _certificates.ServerKey)]);
        builder.Services.AddAccio();
        return builder;
    }

    private static async Task ExpectBothAsync(WebApplicationBuilder builder, int urls)
    {
        await using var app = builder.Build();
        app.MapGet("/", () => "hello");
        await app.StartAsync(TestContext.Current.CancellationToken).OrGiveUp();
        var port = app.AccioPorts().Single();

        // What Kestrel announces as "Now listening on".
        Assert.Equal(urls, app.Urls.Count);
        Assert.DoesNotContain(app.Urls, url => new Uri(url).Port == port);
        var policy = new X509ChainPolicy { RevocationMode = X509RevocationMode.NoCheck, VerificationFlags = X509VerificationFlags.AllowUnknownCertificateAuthority };
        using var trusting = new SocketsHttpHandler { SslOptions = { CertificateChainPolicy = policy } };
        using var http = new HttpClient(trusting) { Timeout = Patience.Limit };
        foreach (var url in app.Urls)
        {
            using var client = await AccioClient.ConnectAsync(port);
            await client.ExpectCommandAsync();
            // In the middle of an exchange.
            var address = new Uri(url.Replace("[::]", "127.0.0.1", StringComparison.Ordinal));
            Assert.Equal("hello", await http.GetStringAsync(address, TestContext.Current.CancellationToken));
            await client.SendFirstConfirmationAsync();
            await client.ExpectCommandAsync();
            await client.SendSecondConfirmationAsync();
            await client.SendAsync(Accio.FileOf(5));
            client.HalfClose();
            await client.WaitForCloseAsync();
        }

        var history = app.Services.GetRequiredService<ExchangeHistory>().Snapshot();
        Assert.Equal((urls, 5L * urls), (history.Counted, history.Bytes));
        await app.StopAsync(TestContext.Current.CancellationToken).OrGiveUp();
    }

    /// <summary>A server without a network, as hosts have in their own tests.</summary>
    private sealed class OtherServer : IServer
    {
        public IFeatureCollection Features { get; } = new FeatureCollection();

        public Task StartAsync<TContext>(IHttpApplication<TContext> application, CancellationToken cancellationToken)
            where TContext : notnull => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public void Dispose()
        {
        }
    }
}
