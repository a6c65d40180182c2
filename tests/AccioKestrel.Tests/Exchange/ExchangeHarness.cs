using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
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

    private readonly ApplicationLifetime _lifetime = new(NullLogger<ApplicationLifetime>.Instance);
    private readonly AccioConnectionHandler _handler;
    private readonly ResultList _output = new();

    public ExchangeHarness(bool lenient = false)
        : this(new AccioOptions { Lenient = lenient })
    {
    }

    public ExchangeHarness(AccioOptions settings)
    {
        var options = Options.Create(settings);
        Grace = new ShutdownGrace(_lifetime, options, Time);
        _handler = new AccioConnectionHandler(
            options, _output, Grace, new ExchangeJournal(Time, TestMeters.Factory), Time, NullLogger<AccioConnectionHandler>.Instance);
    }

    public FakeTimeProvider Time { get; } = new();

    public ShutdownGrace Grace { get; }

    /// <summary>The lines that standard output would hold.</summary>
    public IReadOnlyList<string> Lines => [.. _output.Outcomes.Select(outcome => outcome.ToString())];

    public ExchangeFailure? LastFailure => _output.Outcomes[^1].Failure;

    public void StopServer() => _lifetime.StopApplication();

    public PipeClient Connect()
    {
        var toServer = new Pipe(s_inline);
        var toClient = new Pipe(s_inline);
        var connection = new DefaultConnectionContext(
            "test", new Duplex(toServer.Reader, toClient.Writer), new Duplex(toClient.Reader, toServer.Writer));
        return new PipeClient(toServer.Writer, toClient.Reader, _handler.OnConnectedAsync(connection));
    }

    public void Dispose()
    {
        _handler.Dispose();
        Grace.Dispose();
    }

    private sealed class ResultList : IResultOutput
    {
        public List<ExchangeOutcome> Outcomes { get; } = [];

        public void Write(ExchangeOutcome outcome) => Outcomes.Add(outcome);
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    /// <summary>The client's side of the connection.</summary>
    internal sealed class PipeClient(PipeWriter writer, PipeReader reader, Task served)
    {
        private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);

        /// <summary>Whether the server is done with this client.</summary>
        public bool IsServed => served.IsCompletedSuccessfully;

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

        public void Reset() => writer.Complete(new ConnectionResetException("reset by the test"));
    }
}
