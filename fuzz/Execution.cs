using System.Diagnostics.Metrics;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace AccioKestrel.Fuzz;

/// <summary>Runs scripts with the real handler. All in here is synchronous: an execution has ended when its call returns.</summary>
internal sealed class Execution : IResultOutput
{
    private readonly ScriptTime _time = new();
    private readonly ExchangeJournal _journal;
    private readonly List<ExchangeOutcome> _outcomes = [];

    public Execution()
    {
        var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        _journal = new ExchangeJournal(_time, services.GetRequiredService<IMeterFactory>());
    }

    void IResultOutput.Write(ExchangeOutcome outcome) => _outcomes.Add(outcome);

    public Verdict Run(Script script)
    {
        _outcomes.Clear();
        var lifetime = new ApplicationLifetime(NullLogger<ApplicationLifetime>.Instance);
        var options = Options.Create(new AccioOptions { Lenient = script.Lenient, MaxFileSize = script.MaxFileSize });
        using var grace = new ShutdownGrace(lifetime, options, _time);
        using var handler = new AccioConnectionHandler(options, this, grace, _journal, _time, NullLogger<AccioConnectionHandler>.Instance);
        var output = new CountingWriter();
        var input = script.Discards ? new DiscardingScriptReader(script, _time, Stop) : new ScriptReader(script, _time, Stop);
        var connection = new DefaultConnectionContext("fuzz") { Transport = new Duplex(input, output) };

        var served = handler.OnConnectedAsync(connection);
        if (!served.IsCompleted)
        {
            throw new InvalidOperationException("The handler waits for something that the script did not make it wait for.");
        }

        served.GetAwaiter().GetResult();
        if (_outcomes.Count != 1)
        {
            throw new InvalidOperationException($"{_outcomes.Count} lines for one exchange.");
        }

        return new Verdict(_outcomes[0].ToString(), _outcomes[0].Failure, output.Count);

        void Stop()
        {
            lifetime.StopApplication();
            grace.End();
        }
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    /// <summary>Takes whole commands, and nothing else.</summary>
    private sealed class CountingWriter : PipeWriter
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
