using System.IO.Pipelines;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace AccioKestrel.Tests.Hosting;

/// <summary>PROXY headers in front of a connection that is made of pipes, as that of the stock transport is, with fake time.</summary>
public sealed class ProxyProtocolTests : IDisposable
{
    private static readonly PipeOptions s_inline = new(
        readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, pauseWriterThreshold: 0, useSynchronizationContext: false);

    private readonly FakeTimeProvider _time = new();
    private readonly ConnectionCounters _counters = new(TestMeters.Factory);
    private readonly Exchange.CloseRequest _closing = new();
    private readonly Pipe _input = new(s_inline);
    private readonly DefaultConnectionContext _connection = new("test");
    private string? _served;

    public ProxyProtocolTests()
    {
        _connection.Transport = new Duplex(_input.Reader, new Pipe().Writer);
        _connection.RemoteEndPoint = IPEndPoint.Parse("10.0.0.5:1000");
        _connection.Features.Set<IConnectionLifetimeNotificationFeature>(_closing);
    }

    public static TheoryData<string> Headers =>
    [
        ProxyHeaders.Line("192.0.2.7:40222"), ProxyHeaders.Line("[2001:db8::7]:40222"), Latin1(ProxyHeaders.Binary("192.0.2.7:40222")),
        Latin1(ProxyHeaders.Binary("[2001:db8::7]:40222", fields: 300)), "PROXY UNKNOWN\r\n", ProxyHeaders.Local,
    ];

    public void Dispose() => _closing.Dispose();

    [Theory]
    [MemberData(nameof(Headers))]
    public async Task Header_CutAtEachByte_LeavesWhatFollowsIt(string header)
    {
        for (var cut = 0; cut <= header.Length; cut++)
        {
            using var test = new ProxyProtocolTests();
            var serving = test.Serve();
            await test.SendAsync(header[..cut]);
            Assert.Equal(cut == header.Length, serving.IsCompleted);
            await test.SendAsync(header[cut..] + "PROXY confirm");
            await serving.OrGiveUp();
            Assert.Equal(cut == header.Length ? "" : "PROXY confirm", test._served);
        }
    }

    [Theory]
    [MemberData(nameof(Headers))]
    public async Task Header_ByteByByte_NamesTheClient(string header)
    {
        var serving = Serve();
        foreach (var character in header)
        {
            Assert.False(serving.IsCompleted);
            await SendAsync($"{character}");
        }

        await serving.OrGiveUp();
        Assert.Equal("", _served);
        var named = header.Contains("UNKNOWN", StringComparison.Ordinal) || header.Equals(ProxyHeaders.Local, StringComparison.Ordinal) ? "10.0.0.5:1000"
            : header.Contains("TCP6", StringComparison.Ordinal) || header.Contains('\x21' + "\x21", StringComparison.Ordinal) ? "[2001:db8::7]:40222"
            : "192.0.2.7:40222";
        Assert.Equal(named, _connection.RemoteEndPoint!.ToString());
        Assert.Equal(named.StartsWith('1') && named.EndsWith(":1000", StringComparison.Ordinal), _connection.Features.Get<BalancerConnection>() is not null);
    }

    [Fact]
    public async Task Header_OfTheGreatestLength_IsSkippedAsItComes()
    {
        var serving = Serve();
        var header = Latin1(ProxyHeaders.Binary("192.0.2.7:40222", fields: 65_523));
        Assert.Equal(16 + 65_535, header.Length);
        foreach (var piece in header.Chunk(1000))
        {
            Assert.False(serving.IsCompleted);
            await SendAsync(new string(piece));
        }

        await serving.OrGiveUp();
        Assert.Equal("", _served);
        Assert.Equal("192.0.2.7:40222", _connection.RemoteEndPoint!.ToString());
    }

    [Theory]
    [InlineData("10.0.0.5:1000")]
    [InlineData("[::ffff:10.0.0.5]:1000")]
    public async Task Header_ThatNamesTheBalancerItself_IsAHealthCheck(string peer)
    {
        _connection.RemoteEndPoint = IPEndPoint.Parse(peer);
        await SendAsync(ProxyHeaders.Line("10.0.0.5:1000"));
        await Serve().OrGiveUp();
        Assert.Equal("", _served);
        Assert.NotNull(_connection.Features.Get<BalancerConnection>());
        Assert.Equal(peer, _connection.RemoteEndPoint.ToString());
    }

    [Fact]
    public async Task Peer_OutsideOfTheNetworks_KeepsItsAddressAndItsBytes()
    {
        _connection.RemoteEndPoint = IPEndPoint.Parse("10.0.1.5:1000");
        var header = ProxyHeaders.Line("192.0.2.7:40222");
        await SendAsync(header);
        await Serve().OrGiveUp();
        Assert.Equal(header, _served);
        Assert.Equal("10.0.1.5:1000", _connection.RemoteEndPoint!.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("PROXY TCP4")]
    [InlineData(ProxyHeaders.Signature + "\x21\x11\xFF\xFF............ and some fields")]
    public async Task Header_ThatIsNotComplete_IsRefusedAfterThreeSeconds(string part)
    {
        var serving = Serve();
        // Bytes do not extend the limit.
        foreach (var piece in part.Chunk(10))
        {
            _time.Advance(TimeSpan.FromSeconds(0.5));
            await SendAsync(new string(piece));
        }

        _time.Advance(TimeSpan.FromSeconds(2.9) - (TimeSpan.FromSeconds(0.5) * part.Chunk(10).Count()));
        Assert.False(serving.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(0.1));
        await serving.OrGiveUp();
        await ExpectRefusedAsync();
    }

    [Theory]
    [InlineData("confirm-accio\r\n")]
    [InlineData("PROXY TCP4 192.0.2.7 192.0.2.1 1 2 3\r\n")]
    public async Task Header_ThatIsWrong_IsRefused(string wrong)
    {
        await SendAsync(wrong);
        await Serve().OrGiveUp();
        await ExpectRefusedAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Connection_ThatEndsInsideTheHeader_IsRefused(bool reset)
    {
        await SendAsync("PROXY ");
        var serving = Serve();
        await _input.Writer.CompleteAsync(reset ? new ConnectionResetException("by the test") : null);
        await serving.OrGiveUp();
        await ExpectRefusedAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Connection_ThatEndsBeforeTheHeader_IsNoFault(bool reset)
    {
        await _input.Writer.CompleteAsync(reset ? new ConnectionResetException("by the test") : null);
        await Serve().OrGiveUp();
        Assert.Null(_served);
        Assert.Equal(0, _counters.ProxyHeadersRefused);
    }

    [Fact]
    public async Task Stop_DuringTheHeader_EndsTheWaitAndIsNoFault()
    {
        await SendAsync("PROXY ");
        var serving = Serve();
        _closing.RequestClose();
        await serving.OrGiveUp();
        Assert.Null(_served);
        Assert.Equal(0, _counters.ProxyHeadersRefused);
    }

    private static string Latin1(byte[] bytes) => Encoding.Latin1.GetString(bytes);

    private async Task ExpectRefusedAsync()
    {
        Assert.Null(_served);
        Assert.Equal(1, _counters.ProxyHeadersRefused);
        // The abort of this kind of connection is another thread's.
        await Patience.UntilEqual(true, () => _connection.ConnectionClosed.IsCancellationRequested);
    }

    private async Task SendAsync(string text) => await _input.Writer.WriteAsync(Accio.Bytes(text), TestContext.Current.CancellationToken);

    private Task Serve()
    {
        var options = Options.Create(new AccioOptions { ProxyProtocol = "10.0.0.0/24" });
        return new ProxyProtocol(options, _counters, _time, NullLoggerFactory.Instance).TakeHeader(connection =>
        {
            _served = connection.Transport.Input.TryRead(out var result) ? Encoding.Latin1.GetString(result.Buffer) : "";
            return Task.CompletedTask;
        })(_connection);
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
