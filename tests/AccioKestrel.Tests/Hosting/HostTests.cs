using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace AccioKestrel.Tests.Hosting;

/// <summary>The Accio server in another ASP.NET Core host than the program's.</summary>
public sealed class HostTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task AddAccio_InAHostWithHttp_ServesBothEachByItsOwnTransport()
    {
        var results = new ResultQueue();
        var builder = NewBuilder();
        builder.Services.AddSingleton<IResultReceiver>(results);
        builder.Services.AddAccio().AddAccio();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenAccio(IPAddress.Loopback, 0));
        await using var app = builder.Build();
        app.MapGet("/", () => "hello");
        await app.StartAsync().WaitAsync(s_limit);

        using var client = await ConnectAsync(app.AccioPorts().Single());
        using var http = new HttpClient { Timeout = s_limit };
        // In the middle of an exchange, which blocks its thread.
        Assert.Equal("hello", await http.GetStringAsync(new Uri(app.Urls.Single())));
        await SendAsync(client, "confirm-accio\r\nconfirm-accio-again\r\n\r\n12345");
        client.Shutdown(SocketShutdown.Send);
        Assert.Equal(5, await results.NextSizeAsync());
        await app.StopAsync().WaitAsync(s_limit);
    }

    [Fact]
    public async Task Handler_OnTwoEndpointsAndTheStockTransport_IsOneAtATimeOverAll()
    {
        var results = new ResultQueue();
        var builder = NewBuilder();
        builder.Services.AddSingleton<IResultReceiver>(results);
        builder.Services.AddAccio();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel
            .ListenAccio(IPAddress.Loopback, 0)
            .ListenAccio(IPAddress.Loopback, 0)
            .Listen(IPAddress.Loopback, 0, listen => listen.UseConnectionHandler<AccioConnectionHandler>()));
        await using var app = builder.Build();
        await app.StartAsync().WaitAsync(s_limit);

        var clients = new List<Socket>();
        foreach (var port in app.AccioPorts().Append(new Uri(app.Urls.Single()).Port))
        {
            clients.Add(await ConnectAsync(port));
        }

        var waiting = clients.ToList();
        var command = new byte[7];
        for (var size = 0; waiting.Count > 0; size++)
        {
            // Exactly one of them hears the command: the others are not served before it is over.
            var heard = waiting.Select(client => client.ReceiveAsync(command.AsMemory(), SocketFlags.Peek).AsTask()).ToArray();
            var turn = waiting[Array.IndexOf(heard, await Task.WhenAny(heard).WaitAsync(s_limit))];
            Assert.Single(waiting, client => client.Available > 0);
            await SendAsync(turn, "confirm-accio\r\nconfirm-accio-again\r\n\r\n" + new string('x', 100_000 * size));
            turn.Shutdown(SocketShutdown.Send);
            Assert.Equal(100_000 * size, await results.NextSizeAsync());
            waiting.Remove(turn);
        }

        await app.StopAsync().WaitAsync(s_limit);
        clients.ForEach(client => client.Dispose());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Host_WhoseLoggerAndMetricsListenerThrow_HasEveryResult(bool stock)
    {
        var results = new ResultQueue();
        var builder = NewBuilder();
        builder.Logging.AddProvider(new ThrowingLoggerProvider()).AddFilter("Microsoft", LogLevel.None).SetMinimumLevel(LogLevel.Trace);
        builder.Services.AddSingleton<IResultReceiver>(results);
        builder.Services.AddAccio(options => options.Allow = "127.0.0.2/32, 127.0.0.1/32");
        builder.WebHost.ConfigureKestrel(kestrel => Listen(kestrel, stock));
        await using var app = builder.Build();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Name is "accio.exchange.duration" && instrument.Meter.Scope == app.Services.GetRequiredService<IMeterFactory>())
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<double>((_, _, _, _) => throw new InvalidOperationException("The listener fails."));
        await app.StartAsync().WaitAsync(s_limit);
        listener.Start();

        for (var size = 0; size < 3; size++)
        {
            using var client = await ConnectAsync(app.AccioPorts()[0]);
            await SendAsync(client, "confirm-accio\r\nconfirm-accio-again\r\n\r\n" + new string('x', size));
            client.Shutdown(SocketShutdown.Send);
            Assert.Equal(size, await results.NextSizeAsync());
        }

        // The handler goes on when the receivers have the result.
        var history = app.Services.GetRequiredService<ExchangeHistory>();
        await Patience.UntilEqual(null, () => history.Current);
        await app.StopAsync().WaitAsync(s_limit);
    }

    [Fact]
    public async Task Host_WhoseMetricsListenerEndsTheAcceptLoop_IsStopped()
    {
        // Kestrel logs and measures each connection between two accepts.
        var time = new FakeTimeProvider();
        var builder = NewBuilder();
        // On the host's Kestrel, as in the program: the other one does not measure.
        builder.Services.AddSingleton<TimeProvider>(time).AddAccioCore();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenAccioCore(IPAddress.Loopback, 0, static _ => { }));
        await using var app = builder.Build();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Name is "kestrel.queued_connections" && instrument.Meter.Scope == app.Services.GetRequiredService<IMeterFactory>())
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((_, _, _, _) => throw new InvalidOperationException("The listener fails."));
        listener.Start();
        await app.StartAsync().WaitAsync(s_limit);
        using var client = await ConnectAsync(app.AccioPorts()[0]);

        await Patience.UntilEqual(true, () =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return app.Lifetime.ApplicationStopping.IsCancellationRequested;
        });

        Environment.ExitCode = 0;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task UrgentBytes_OnEitherTransport_AreCountedInTheirPlace(bool stock)
    {
        var results = new ResultQueue();
        var builder = NewBuilder();
        builder.Services.AddSingleton<IResultReceiver>(results);
        builder.Services.AddAccio();
        builder.WebHost.ConfigureKestrel(kestrel => Listen(kestrel, stock));
        await using var app = builder.Build();
        await app.StartAsync().WaitAsync(s_limit);

        using var client = await ConnectAsync(app.AccioPorts()[0]);
        client.NoDelay = true;
        await client.ReceiveAsync(new byte[7]).WaitAsync(s_limit);
        // In the middle of a confirmation, and of the file.
        await SendAsync(client, "confirm-");
        client.Send("a"u8, SocketFlags.OutOfBand);
        await SendAsync(client, "ccio\r\nconfirm-accio-again\r\n\r\n12");
        client.Send("3"u8, SocketFlags.OutOfBand);
        client.Send("4"u8, SocketFlags.OutOfBand);
        await SendAsync(client, "5");
        client.Shutdown(SocketShutdown.Send);
        Assert.Equal(5, await results.NextSizeAsync());
        await app.StopAsync().WaitAsync(s_limit);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Stop_DuringAFile_GivesItTheTimeOfTheHost(bool stock)
    {
        var results = new ResultQueue();
        await using var app = await StartAsync(results, stock);
        using var client = await ConnectInTheFileAsync(app);

        var stop = app.StopAsync();
        Assert.NotSame(stop, await Task.WhenAny(stop, Task.Delay(TimeSpan.FromSeconds(0.5))));
        await SendAsync(client, "67");
        client.Shutdown(SocketShutdown.Send);

        Assert.Equal(7, await results.NextSizeAsync());
        await stop.WaitAsync(s_limit);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Stop_WhoseTimeIsOverDuringAFile_IsAnError(bool stock)
    {
        var results = new ResultQueue();
        await using var app = await StartAsync(results, stock, services => services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(1)));
        using var client = await ConnectInTheFileAsync(app);

        await app.StopAsync().WaitAsync(s_limit);

        Assert.Equal((5, ExchangeFailure.ServerStopped), await results.NextOutcomeAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Stop_WhoseTokenIsCanceledDuringAFile_IsAnError(bool stock)
    {
        var results = new ResultQueue();
        await using var app = await StartAsync(results, stock, services => services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromHours(1)));
        using var client = await ConnectInTheFileAsync(app);
        using var hurry = new CancellationTokenSource();
        var stop = app.StopAsync(hurry.Token);
        Assert.NotSame(stop, await Task.WhenAny(stop, Task.Delay(TimeSpan.FromSeconds(0.5))));

        await hurry.CancelAsync();

        await stop.WaitAsync(s_limit);
        Assert.Equal((5, ExchangeFailure.ServerStopped), await results.NextOutcomeAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Stop_DuringAHandshakeAndAWaitForTheTurn_IsAtOnce(bool stock)
    {
        var results = new ResultQueue();
        await using var app = await StartAsync(results, stock, services => services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromHours(1)));
        using var served = await ConnectAsync(app.AccioPorts()[0]);
        await served.ReceiveAsync(new byte[7]).WaitAsync(s_limit);
        using var waiting = await ConnectAsync(app.AccioPorts()[1]);

        await app.StopAsync().WaitAsync(s_limit);

        Assert.Equal((0, ExchangeFailure.ServerStopped), await results.NextOutcomeAsync());
        Assert.True(results.IsEmpty);
    }

    [Fact]
    public void ListenAccio_WithoutAddAccio_SaysWhatIsMissing()
    {
        var builder = NewBuilder();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenAccio(0));
        var exception = Assert.Throws<InvalidOperationException>(builder.Build);
        Assert.Contains("AddAccio", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Allow_AsAnArrayAndAsAText_StopsTheStart()
    {
        var builder = NewBuilder();
        builder.Configuration.AddInMemoryCollection([new("Accio:Allow:0", "0.0.0.0/0")]);
        builder.Configuration.AddInMemoryCollection([new("Accio:Allow", "10.0.0.0/8")]);
        builder.Services.AddAccio();
        await using var app = builder.Build();
        var exception = await Assert.ThrowsAsync<OptionsValidationException>(() => app.StartAsync());
        Assert.Contains("not both '10.0.0.0/8' and an array.", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_FromConfigurationAndCode_CodeWins()
    {
        var builder = NewBuilder();
        builder.Configuration.AddInMemoryCollection([new("Accio:IdleTimeout", "2.5"), new("Accio:Backlog", "7")]);
        builder.Services.AddAccio(options => options.Backlog = 8);
        using var app = (IDisposable)builder.Build();
        var options = ((WebApplication)app).Services.GetRequiredService<IOptions<AccioOptions>>().Value;
        Assert.Equal(2.5, options.IdleTimeout);
        Assert.Equal(8, options.Backlog);
    }

    [Theory]
    [InlineData("IdleTimeout", "0")]
    [InlineData("IdleTimeout", "NaN")]
    [InlineData("IdleTimeout", "86401")]
    [InlineData("Backlog", "0")]
    [InlineData("Backlog", "65536")]
    [InlineData("MinDataRate", "10000000000000000")]
    [InlineData("MaxFileSize", "-1")]
    [InlineData("Allow", "10.0.0.1/8/8")]
    [InlineData("Allow", "")]
    [InlineData("ProxyProtocol", "10.0.0.1/33")]
    public async Task Options_OutOfRange_StopTheHostFromStarting(string key, string value)
    {
        var builder = NewBuilder();
        builder.Configuration.AddInMemoryCollection([new($"Accio:{key}", value)]);
        builder.Services.AddAccio();
        await using var app = builder.Build();
        var exception = await Assert.ThrowsAsync<OptionsValidationException>(() => app.StartAsync().WaitAsync(s_limit));
        Assert.Contains($"Accio:{key}", exception.Message, StringComparison.Ordinal);
        Assert.Contains($", not '{value}'.", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Setting_ThatIsMisspelt_StopsTheHostFromStartingAndIsNamed()
    {
        var builder = NewBuilder();
        builder.Configuration.AddInMemoryCollection([new("Accio:idleTIMEOUT", "3"), new("Accio:MaxExchangeDurration", "5")]);
        builder.Services.AddAccio();
        await using var app = builder.Build();
        var exception = await Assert.ThrowsAsync<OptionsValidationException>(() => app.StartAsync().WaitAsync(s_limit));
        var problem = Assert.Single(exception.Failures);
        Assert.StartsWith("Accio:MaxExchangeDurration is not a setting. Those of Accio are IdleTimeout, ", problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Accio", "5", "Accio is a section of settings, a JSON object, and cannot be '5'.")]
    [InlineData("Accio:IdleTimeout", "ten", "Accio:IdleTimeout takes a number of seconds from 0.001 to 86400, not 'ten'.")]
    [InlineData("Accio:IdleTimeout:Seconds", "5", "Accio:IdleTimeout takes a number of seconds from 0.001 to 86400, not a section.")]
    [InlineData("Accio:Allow:Networks", "10.0.0.0/8", "Accio:Allow takes networks such as 10.0.0.0/8,192.0.2.7/32,2001:db8::/32, not a section.")]
    [InlineData("Accio:Allow:0:Network", "10.0.0.0/8", "Accio:Allow takes networks such as 10.0.0.0/8,192.0.2.7/32,2001:db8::/32, not a section.")]
    [InlineData("Accio:Lenient", "1", "Accio:Lenient takes true or false, not '1'.")]
    public async Task Setting_ThatIsNoneOfItsKind_StopsTheHostFromStartingAndIsNamed(string path, string value, string message)
    {
        var builder = NewBuilder();
        builder.Configuration.AddInMemoryCollection([new(path, value)]);
        builder.Services.AddAccio();
        await using var app = builder.Build();
        var exception = await Assert.ThrowsAsync<OptionsValidationException>(() => app.StartAsync().WaitAsync(s_limit));
        Assert.Equal([message], exception.Failures);
    }

    [Fact]
    public void Setting_WithoutAValue_HasItsDefault()
    {
        var builder = NewBuilder();
        builder.Configuration.AddJsonStream(new MemoryStream("""{"Accio":{"MinDataRate":null,"Backlog":7}}"""u8.ToArray()));
        builder.Services.AddAccio();
        using var app = (IDisposable)builder.Build();
        var options = ((WebApplication)app).Services.GetRequiredService<IOptions<AccioOptions>>().Value;
        Assert.Null(options.MinDataRate);
        Assert.Equal(7, options.Backlog);
    }

    [Theory]
    [InlineData("MinDataRate", "1000000000000000")]
    [InlineData("MaxFileSize", "9223372036854775807")]
    public void Options_AtTheEndOfTheirRange_AreAllowed(string key, string value)
    {
        var builder = NewBuilder();
        builder.Configuration.AddInMemoryCollection([new($"Accio:{key}", value)]);
        builder.Services.AddAccio();
        using var app = (IDisposable)builder.Build();
        Assert.NotNull(((WebApplication)app).Services.GetRequiredService<IOptions<AccioOptions>>().Value);
    }

    private static void Listen(KestrelServerOptions kestrel, bool stock)
    {
        if (stock)
        {
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseConnectionHandler<AccioConnectionHandler>());
        }
        else
        {
            kestrel.ListenAccio(IPAddress.Loopback, 0);
        }
    }

    /// <summary>A host with two endpoints, so that a client can wait for its turn.</summary>
    private static async Task<WebApplication> StartAsync(ResultQueue results, bool stock, Action<IServiceCollection>? configure = null)
    {
        var builder = NewBuilder();
        builder.Services.AddSingleton<IResultReceiver>(results);
        builder.Services.AddAccio();
        configure?.Invoke(builder.Services);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            Listen(kestrel, stock);
            Listen(kestrel, stock);
        });
        var app = builder.Build();
        await app.StartAsync().WaitAsync(s_limit);
        return app;
    }

    /// <summary>A client of whose file 5 bytes have come, and not the end.</summary>
    private static async Task<Socket> ConnectInTheFileAsync(WebApplication app)
    {
        var client = await ConnectAsync(app.AccioPorts()[0]);
        await SendAsync(client, "confirm-accio\r\nconfirm-accio-again\r\n\r\n12345");
        var history = app.Services.GetRequiredService<ExchangeHistory>();
        await Patience.UntilEqual(5L, () => history.Current?.Bytes);
        return client;
    }

    private static WebApplicationBuilder NewBuilder()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        return builder;
    }

    private static async Task<Socket> ConnectAsync(int port)
    {
        var client = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(IPAddress.Loopback, port).WaitAsync(s_limit);
        return client;
    }

    private static async Task SendAsync(Socket client, string text)
    {
        for (ReadOnlyMemory<byte> rest = Encoding.ASCII.GetBytes(text); !rest.IsEmpty;)
        {
            rest = rest[await client.SendAsync(rest).AsTask().WaitAsync(s_limit)..];
        }
    }

    private sealed class ThrowingLoggerProvider : ILoggerProvider
    {
        public ILogger CreateLogger(string categoryName) => new ThrowingLogger();

        public void Dispose()
        {
        }
    }
}
