using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace AccioKestrel.Tests.Exchange;

/// <summary>
/// The handler with nothing real around it: pipes for the connection, fake time, a list for standard output. The pipes
/// and the time run continuations inline, so whatever a call of a test causes has happened when the call returns. Only
/// what waits for its turn is resumed elsewhere: for that there are <c>UntilServed</c> and <c>UntilHeard</c>.
/// </summary>
internal sealed class ExchangeHarness : IDisposable
{
    private static readonly PipeOptions s_inline = new(
        readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, pauseWriterThreshold: 0, useSynchronizationContext: false);

    private readonly CancellationTokenSource _hostStopping = new();
    private readonly CloseRequest _closing = new();
    private readonly List<PipeClient> _clients = [];
    private readonly AccioConnectionHandler _handler;
    private readonly ResultDelivery _delivery;
    private readonly ResultList _output = new();

    public ExchangeHarness(bool lenient = false)
        : this(new AccioOptions { Lenient = lenient })
    {
    }

    public ExchangeHarness(AccioOptions settings, FakeTimeProvider? time = null)
    {
        Time = time ?? new FakeTimeProvider();
        var history = new ExchangeHistory(Time);
        _delivery = new ResultDelivery([_output], TimeSpan.FromSeconds(settings.ResultTimeout), history, Time, NullLogger.Instance);
        _handler = new AccioConnectionHandler(
            settings.ToLimits(), settings.Lenient, _delivery, history, new ExchangeEvents(NullLogger.Instance), Time, new UnfailingLogger(NullLogger.Instance), _hostStopping.Token);
    }

    public FakeTimeProvider Time { get; }

    /// <summary>The lines that standard output would hold.</summary>
    public IReadOnlyList<string> Lines => [.. _output.Results.Select(result => result.Line)];

    public string? LastReason => _output.Results[^1].Reason;

    public ExchangeFailure? LastFailure => _output.Results[^1].Failure;

    /// <summary>The host begins to stop. Only then does Kestrel ask the connections to close, one after another.</summary>
    public void BeginStop() => _hostStopping.Cancel();

    /// <summary>Asks to close all connections, as Kestrel does when its host stops.</summary>
    public void StopServer() => _closing.RequestClose();

    /// <summary>Aborts all connections, as Kestrel does when the host's time to stop is over.</summary>
    public void AbortConnections() => _clients.ForEach(client => client.Abort());

    /// <param name="fromBalancer">Whether a load balancer opened the connection, without naming a client.</param>
    public PipeClient Connect(bool fromBalancer = false)
    {
        var toServer = new Pipe(s_inline);
        var toClient = new Pipe(s_inline);
        var connection = new DefaultConnectionContext(
            "test", new Duplex(toServer.Reader, toClient.Writer), new Duplex(toClient.Reader, toServer.Writer));
        connection.Features.Set<IConnectionLifetimeNotificationFeature>(_closing);
        if (fromBalancer)
        {
            connection.Features.Set(BalancerConnection.Instance);
        }

        var client = new PipeClient(toServer.Writer, toClient.Reader, _handler.OnConnectedAsync(connection), connection.ConnectionClosed);
        _clients.Add(client);
        return client;
    }

    public void Dispose()
    {
        _handler.Dispose();
        _delivery.Dispose();
        _closing.Dispose();
        _hostStopping.Dispose();
    }

    private sealed class ResultList : IBlockingReceiver
    {
        public List<CompletedExchange> Results { get; } = [];

        public ValueTask ReceiveAsync(CompletedExchange result, CancellationToken cancellationToken)
        {
            Results.Add(result);
            return ValueTask.CompletedTask;
        }
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    /// <summary>The client's side of the connection.</summary>
    internal sealed class PipeClient(PipeWriter writer, PipeReader reader, Task served, CancellationToken aborted)
    {
        private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);

        /// <summary>Whether the server is done with this client.</summary>
        public bool IsServed => served.IsCompletedSuccessfully;

        /// <summary>Whether the server has aborted the connection, which a real client sees as a reset.</summary>
        public bool IsAborted => aborted.IsCancellationRequested;

        /// <summary>Everything that the server has said so far.</summary>
        public string Heard
        {
            get
            {
                if (!reader.TryRead(out var result))
                {
                    return "";
                }

                var text = Encoding.ASCII.GetString(result.Buffer);
                reader.AdvanceTo(result.Buffer.Start);
                return text;
            }
        }

        public Task UntilServed() => served.WaitAsync(s_limit);

        /// <summary>Waits until the server has said something, and tells what.</summary>
        public async Task<string> UntilHeard()
        {
            var result = await reader.ReadAsync().AsTask().WaitAsync(s_limit);
            reader.AdvanceTo(result.Buffer.Start);
            return Heard;
        }

        public PipeClient Send(string text) => Send(Encoding.ASCII.GetBytes(text));

        public PipeClient Send(ReadOnlyMemory<byte> bytes)
        {
            writer.Write(bytes.Span);
            Assert.True(writer.FlushAsync().AsTask().IsCompleted);
            return this;
        }

        public void End() => writer.Complete();

        /// <summary>What the transport's abort makes of the connection.</summary>
        public void Abort() => writer.Complete(new ConnectionAbortedException("aborted by the test"));

        /// <summary>A transport that fails in a way that no transport should.</summary>
        public void Break() => writer.Complete(new InvalidOperationException("broken by the test"));

        public void Reset() => writer.Complete(new ConnectionResetException("reset by the test"));
    }
}
