using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AccioKestrel.Tests.Hosting;

/// <summary>The Accio server in somebody else's ASP.NET Core host.</summary>
public sealed class HostTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task AddAccio_InAHostWithHttp_ServesBothEachByItsOwnTransport()
    {
        var results = new ResultQueue();
        var builder = NewBuilder();
        builder.Services.AddSingleton<IResultOutput>(results);
        builder.Services.AddAccio().AddAccio();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenAccio(IPAddress.Loopback, 0).Listen(IPAddress.Loopback, 0));
        await using var app = builder.Build();
        app.MapGet("/", () => "hello");
        await app.StartAsync().WaitAsync(s_limit);
        var ports = Ports(app);

        using var client = await ConnectAsync(ports[0]);
        using var http = new HttpClient { Timeout = s_limit };
        // In the middle of an exchange, which blocks its thread.
        Assert.Equal("hello", await http.GetStringAsync(new Uri($"http://127.0.0.1:{ports[1]}/")));
        await SendAsync(client, "confirm-accio\r\nconfirm-accio-again\r\n\r\n12345");
        client.Shutdown(SocketShutdown.Send);
        Assert.Equal(5, await results.Next());
        await app.StopAsync().WaitAsync(s_limit);
    }

    [Fact]
    public async Task Handler_OnTwoEndpointsAndTheStockTransport_IsOneAtATimeOverAll()
    {
        var results = new ResultQueue();
        var builder = NewBuilder();
        builder.Services.AddSingleton<IResultOutput>(results);
        builder.Services.AddAccio();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel
            .ListenAccio(IPAddress.Loopback, 0)
            .ListenAccio(IPAddress.Loopback, 0)
            .Listen(IPAddress.Loopback, 0, listen => listen.UseConnectionHandler<AccioConnectionHandler>()));
        await using var app = builder.Build();
        await app.StartAsync().WaitAsync(s_limit);

        var clients = new List<Socket>();
        foreach (var port in Ports(app))
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
            Assert.Equal(100_000 * size, await results.Next());
            waiting.Remove(turn);
        }

        await app.StopAsync().WaitAsync(s_limit);
        clients.ForEach(client => client.Dispose());
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
    [InlineData("ShutdownGrace", "-1")]
    [InlineData("Backlog", "0")]
    [InlineData("Backlog", "65536")]
    public async Task Options_OutOfRange_StopTheHostFromStarting(string key, string value)
    {
        var builder = NewBuilder();
        builder.Configuration.AddInMemoryCollection([new($"Accio:{key}", value)]);
        builder.Services.AddAccio();
        await using var app = builder.Build();
        var exception = await Assert.ThrowsAsync<OptionsValidationException>(() => app.StartAsync().WaitAsync(s_limit));
        Assert.Contains($"Accio:{key}", exception.Message, StringComparison.Ordinal);
        Assert.Contains(value, exception.Message, StringComparison.Ordinal);
    }

    private static WebApplicationBuilder NewBuilder()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls();
        return builder;
    }

    private static int[] Ports(WebApplication app) =>
        [.. app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Select(address => new Uri(address).Port)];

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

    private sealed class ResultQueue : IResultOutput
    {
        private readonly System.Threading.Channels.Channel<ExchangeOutcome> _outcomes =
            System.Threading.Channels.Channel.CreateUnbounded<ExchangeOutcome>();

        public void Write(ExchangeOutcome outcome) => Assert.True(_outcomes.Writer.TryWrite(outcome));

        /// <summary>The size of the next counted file.</summary>
        public async Task<long> Next()
        {
            var outcome = await _outcomes.Reader.ReadAsync().AsTask().WaitAsync(s_limit);
            Assert.Null(outcome.Failure);
            return outcome.Bytes;
        }
    }
}
