using System.Net;
using System.Net.Sockets;
using BenchmarkDotNet.Attributes;

namespace AccioKestrel.Benchmarks.Micro;

/// <summary>A few bytes over a loopback socket, sent and taken on one thread: what the reader adds to the receive.</summary>
[MemoryDiagnoser]
public class ReaderBenchmarks
{
    // So few that the low-water mark is never raised: the receive would otherwise wait for bytes that do not come.
    private readonly byte[] _bytes = new byte[15];
    private Socket _client = null!;
    private Socket _server = null!;
    private BlockingPipeReader _reader = null!;

    [GlobalSetup]
    public void SetUp()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        _client = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        _client.Connect(listener.LocalEndpoint);
        _server = listener.AcceptSocket();
        _reader = new BlockingPipeReader(_server, new byte[4096], new Heartbeat());
    }

    [GlobalCleanup]
    public void CleanUp()
    {
        _client.Dispose();
        _server.Dispose();
    }

    [Benchmark(Baseline = true)]
    public int Receive()
    {
        _client.Send(_bytes);
        return _server.Receive(_bytes);
    }

    [Benchmark]
    public async ValueTask<long> ReadAsync()
    {
        _client.Send(_bytes);
        var read = await _reader.ReadAsync();
        _reader.AdvanceTo(read.Buffer.End);
        return read.Buffer.Length;
    }

    [Benchmark]
    public async ValueTask<long> DiscardAsync()
    {
        _client.Send(_bytes);
        return (await _reader.DiscardAsync()).Count;
    }
}
