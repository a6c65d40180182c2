using System.Diagnostics.Metrics;
using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using AccioKestrel.Diagnostics;
using AccioKestrel.Tests.Exchange;
using AccioKestrel.Transport;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace AccioKestrel.Fuzz;

/// <summary>Runs scripts with the real handler, plain or inside TLS. Everything is synchronous: an execution has ended when its call returns.</summary>
internal sealed class Execution : IBlockingReceiver
{
    private readonly ScriptTime _time = new();
    private readonly ExchangeHistory _history;
    private readonly List<CompletedExchange> _results = [];
    private readonly SslServerAuthenticationOptions? _tls;
    private readonly ConnectionCounters _counters;
    private readonly ProxyProtocol? _proxy;
    private long _refusals;

    public Execution(bool tls, bool proxy)
    {
        _tls = tls ? NewTls() : null;
        var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        _history = new ExchangeHistory(_time);
        _counters = new ConnectionCounters(services.GetRequiredService<IMeterFactory>());
        _proxy = proxy
            ? new ProxyProtocol(Options.Create(new AccioOptions { ProxyProtocol = ProxyModel.Balancer.Address + "/32" }), _counters, _time, NullLoggerFactory.Instance)
            : null;
    }

    ValueTask IResultReceiver.ReceiveAsync(CompletedExchange result, CancellationToken cancellationToken)
    {
        _results.Add(result);
        return ValueTask.CompletedTask;
    }

    public Verdict Run(Script script)
    {
        _results.Clear();
        using var closing = new CloseRequest();
        var limits = new AccioOptions { MaxFileSize = script.MaxFileSize }.ToLimits();
        using var delivery = new ResultDelivery([this], Timeout.InfiniteTimeSpan, _history, _time, NullLogger.Instance);
        using var handler = new AccioConnectionHandler(limits, script.Lenient, delivery, _history, new ExchangeEvents(NullLogger.Instance), _time, new UnfailingLogger(NullLogger.Instance), hostStopping: default);
        var client = _proxy is null ? null : ProxyModel.Balancer;
        var sent = _tls is null ? RunPlain() : RunInTls(_tls);
        if (_proxy is not null && _results.Count == 0)
        {
            return new Verdict(LineOfNoExchange(), null, sent, $"{client}");
        }

        if (_results.Count != 1)
        {
            throw new InvalidOperationException($"{_results.Count} lines for one exchange.");
        }

        return new Verdict(_results[0].Line, _results[0].Failure, sent, client?.ToString());

        int RunPlain()
        {
            var output = new CountingWriter();
            var input = script.Discards ? new DiscardingScriptReader(script, _time, closing.RequestClose) : new ScriptReader(script, _time, closing.RequestClose);
            var connection = NewConnection(new Duplex(input, output));
            connection.RemoteEndPoint = client;
            Serve(_proxy is null ? handler.OnConnectedAsync : _proxy.TakeHeader(handler.OnConnectedAsync), connection);
            client = (IPEndPoint?)connection.RemoteEndPoint;
            return output.Count;
        }

        int RunInTls(SslServerAuthenticationOptions options)
        {
            using var input = new TlsScriptReader(script, _time, closing.RequestClose);
            var tls = new TlsTransport(new Duplex(input, new AnsweringWriter(input)), _ => ValueTask.FromResult(options));
            var connection = NewConnection(tls);
            connection.Features.Set<ITlsHandshake>(tls);
            Serve(handler.OnConnectedAsync, connection);
            input.Handshake.GetAwaiter().GetResult();
            var heard = input.Heard();
            for (var rest = heard.AsSpan(); !rest.IsEmpty; rest = rest["accio\r\n"u8.Length..])
            {
                if (!rest.StartsWith("accio\r\n"u8))
                {
                    throw new InvalidOperationException("Something else than whole commands was sent.");
                }
            }

            tls.DisposeAsync().AsTask().GetAwaiter().GetResult();
            return heard.Length;
        }

        DefaultConnectionContext NewConnection(IDuplexPipe transport)
        {
            var connection = new DefaultConnectionContext("fuzz") { Transport = transport };
            connection.Features.Set<IConnectionLifetimeNotificationFeature>(closing);
            return connection;
        }
    }

    /// <summary>Tells a connection that was refused from a health check.</summary>
    private string LineOfNoExchange()
    {
        var line = _refusals == _counters.ProxyHeadersRefused ? ProxyModel.NoLine : ProxyModel.Refusal;
        _refusals = _counters.ProxyHeadersRefused;
        return line;
    }

    private static void Serve(ConnectionDelegate handler, ConnectionContext connection)
    {
        var served = handler(connection);
        if (!served.IsCompleted)
        {
            throw new InvalidOperationException("The handler waits for something that the script did not make it wait for.");
        }

        served.GetAwaiter().GetResult();
    }

    private static SslServerAuthenticationOptions NewTls()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var certificate = new CertificateRequest("CN=fuzz", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return new SslServerAuthenticationOptions { ServerCertificateContext = SslStreamCertificateContext.Create(certificate, additionalCertificates: null, offline: true) };
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    /// <summary>Takes whole commands, and nothing else.</summary>
    private sealed class CountingWriter : WriteOnlyWriter
    {
        public int Count { get; private set; }

        public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
        {
            if (!source.Span.SequenceEqual("accio\r\n"u8))
            {
                throw new InvalidOperationException("Something else than a whole command was sent.");
            }

            Count += source.Length;
            return default;
        }
    }

    /// <summary>Hands what the server sends to the client at once.</summary>
    private sealed class AnsweringWriter(TlsScriptReader client) : WriteOnlyWriter
    {
        public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
        {
            client.Answer(source);
            return default;
        }
    }

    private abstract class WriteOnlyWriter : PipeWriter
    {
        public override void Advance(int bytes) => throw new NotSupportedException();

        public override Memory<byte> GetMemory(int sizeHint = 0) => throw new NotSupportedException();

        public override Span<byte> GetSpan(int sizeHint = 0) => throw new NotSupportedException();

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => default;

        public override void CancelPendingFlush()
        {
        }

        public override void Complete(Exception? exception = null)
        {
        }
    }
}
