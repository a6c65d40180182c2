using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using BenchmarkDotNet.Attributes;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace AccioKestrel.Benchmarks.Micro;

/// <summary>One whole exchange in memory, everything there from the start: what the handler itself costs, without a socket.</summary>
[MemoryDiagnoser]
public class HandlerBenchmarks
{
    private const int FileSize = 500;

    private readonly LastResult _result = new();
    private IHost _host = null!;
    private AccioConnectionHandler _handler = null!;
    private ReadOnlySequence<byte> _sent;

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton<IResultReceiver>(_result).AddAccio();
        _host = builder.Build();
        _handler = _host.Services.GetRequiredService<AccioConnectionHandler>();
        _sent = new([.. Encoding.ASCII.GetBytes("confirm-accio\r\nconfirm-accio-again\r\n\r\n"), .. new byte[FileSize]]);

        await ExchangeAsync();
        if (_result.Latest is not { Bytes: FileSize, Failure: null })
        {
            throw new InvalidOperationException($"The result is {_result.Latest}.");
        }
    }

    [GlobalCleanup]
    public void CleanUp() => _host.Dispose();

    /// <summary>The connection and its pipe alone: what the exchange costs is the difference.</summary>
    [Benchmark(Baseline = true)]
    public async ValueTask<long> ReadToEndAsync()
    {
        var connection = Connect();
        var read = await connection.Transport.Input.ReadAsync();
        connection.Transport.Input.AdvanceTo(read.Buffer.End);
        return read.Buffer.Length;
    }

    [Benchmark]
    public Task ExchangeAsync() => _handler.OnConnectedAsync(Connect());

    private DefaultConnectionContext Connect() =>
        new("benchmark") { Transport = new MemoryPipe(PipeReader.Create(_sent), PipeWriter.Create(Stream.Null)) };

    private sealed record MemoryPipe(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    private sealed class LastResult : IBlockingReceiver
    {
        public CompletedExchange? Latest { get; private set; }

        public ValueTask ReceiveAsync(CompletedExchange result, CancellationToken cancellationToken)
        {
            Latest = result;
            return ValueTask.CompletedTask;
        }
    }
}
