using System.Net;
using System.Net.Sockets;
using System.Text;
using BenchmarkDotNet.Attributes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;

namespace AccioKestrel.Benchmarks.Micro;

/// <summary>
/// One whole exchange of 500 bytes over the loopback interface, with the client in the same process. What the server
/// allocates for it is the difference to the same client at a server of bare sockets.
/// </summary>
[MemoryDiagnoser]
public class ConnectionBenchmarks
{
    private const int FileSize = 500;

    private static readonly byte[] s_first = Encoding.ASCII.GetBytes("confirm-accio\r\n");
    private static readonly byte[] s_second = [.. Encoding.ASCII.GetBytes("confirm-accio-again\r\n\r\n"), .. new byte[FileSize]];

    private readonly byte[] _buffer = new byte[1024];
    private readonly CountingOutput _output = new();
    private WebApplication _app = null!;
    private Socket _bare = null!;
    private IPEndPoint _accio = null!;

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.Services.AddSingleton<IResultReceiver>(_output).AddAccioCore();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.ListenAccioCore(IPAddress.Loopback, 0, static _ => { }));
        _app = builder.Build();
        await _app.StartAsync();
        var address = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        _accio = new IPEndPoint(IPAddress.Loopback, new Uri(address).Port);

        _bare = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        _bare.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _bare.Listen();
        new Thread(ServeBare) { IsBackground = true }.Start();

        AccioKestrel();
        if (_output.Bytes != FileSize)
        {
            throw new InvalidOperationException($"The server counted {_output.Bytes} bytes.");
        }
    }

    [GlobalCleanup]
    public async Task CleanUpAsync()
    {
        _bare.Dispose();
        await _app.DisposeAsync();
    }

    [Benchmark(Baseline = true)]
    public void BareSockets() => Exchange((IPEndPoint)_bare.LocalEndPoint!);

    [Benchmark]
    public void AccioKestrel() => Exchange(_accio);

    private void Exchange(IPEndPoint server)
    {
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        client.Connect(server);
        _ = client.Receive(_buffer);
        client.Send(s_first);
        _ = client.Receive(_buffer);
        client.Send(s_second);
        client.Shutdown(SocketShutdown.Send);
        _ = client.Receive(_buffer);
    }

    private void ServeBare()
    {
        var buffer = new byte[1024];
        var command = "accio\r\n"u8.ToArray();
        try
        {
            while (true)
            {
                using var connection = _bare.Accept();
                connection.Send(command);
                _ = connection.Receive(buffer);
                connection.Send(command);
                while (connection.Receive(buffer) > 0)
                {
                }
            }
        }
        catch (SocketException)
        {
            // The benchmark is over.
        }
    }

    private sealed class CountingOutput : IBlockingReceiver
    {
        public long Bytes { get; private set; }

        public ValueTask ReceiveAsync(CompletedExchange result, CancellationToken cancellationToken)
        {
            Bytes = result.Bytes;
            return ValueTask.CompletedTask;
        }
    }
}
