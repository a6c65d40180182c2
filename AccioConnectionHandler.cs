using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AccioKestrel;

/// <summary>
/// The Accio server's side of one connection: the exchange of the protocol, top to bottom, and the line it ends with.
/// One exchange at a time, whatever the transport and however many endpoints lead here.
/// </summary>
public sealed class AccioConnectionHandler : ConnectionHandler, IDisposable
{
    private readonly AccioOptions _options;
    private readonly ExchangeLimits _limits;
    private readonly IResultOutput _output;
    private readonly ShutdownGrace _shutdown;
    private readonly ExchangeJournal _journal;
    private readonly TimeProvider _time;
    private readonly ILogger<AccioConnectionHandler> _logger;

    /// <summary>The global turn. The handler is one for all endpoints, so this is too.</summary>
    private readonly SemaphoreSlim _turn = new(initialCount: 1, maxCount: 1);

    /// <summary>Made by the service container; see <c>AddAccio</c>.</summary>
    public AccioConnectionHandler(
        IOptions<AccioOptions> options,
        IResultOutput output,
        ShutdownGrace shutdown,
        ExchangeJournal journal,
        TimeProvider time,
        ILogger<AccioConnectionHandler> logger)
    {
        _options = options.Value;
        _limits = new ExchangeLimits(_options);
        _output = output;
        _shutdown = shutdown;
        _journal = journal;
        _time = time;
        _logger = logger;
    }

    /// <summary>Waits for its turn, runs the exchange and prints its result.</summary>
    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        try
        {
            await _turn.WaitAsync(_shutdown.Stopping);
        }
        catch (OperationCanceledException)
        {
            // It was never its turn, so it was not served and gets no line.
            return;
        }

        try
        {
            if (!_shutdown.Stopping.IsCancellationRequested)
            {
                await ServeAsync(connection);
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    private async Task ServeAsync(ConnectionContext connection)
    {
        var record = new ExchangeRecord(connection.ConnectionId, connection.RemoteEndPoint, _time);
        _journal.Begin(record);
        ExchangeFailure? failure;
        using (var input = new ExchangeInput(connection.Transport.Input, record, _options, _limits, _shutdown, _time))
        {
            failure = await ExchangeAsync(input, connection.Transport.Output, record);
        }

        var outcome = new ExchangeOutcome(record.Bytes, failure);
        _output.Write(outcome);
        AccioLog.Ended(_logger, _journal.End(record, outcome));

        if (failure is not (null or ExchangeFailure.WrongByte or ExchangeFailure.EndedEarly or ExchangeFailure.Reset))
        {
            // The client has done nothing wrong by the protocol, and may still be sending: it is told by a reset, for an
            // orderly end would look like success to it.
            connection.Abort(new ConnectionAbortedException($"Accio exchange ended: {failure}."));
        }
    }

    /// <summary>The exchange: each step returns what ends the exchange there, or null to go on with the next.</summary>
    private async ValueTask<ExchangeFailure?> ExchangeAsync(ExchangeInput input, PipeWriter output, ExchangeRecord record) =>
        await SendCommandAsync(output, record, ExchangeStep.FirstCommand)
        ?? await ConfirmFirstCommandAsync(input, output, record)
        ?? await TakeSecondConfirmationAsync(input, record)
        ?? await CountFileAsync(input, record);

    /// <summary>Steps 1 and 3: one write, so that a client that reads once sees one whole command.</summary>
    private static async ValueTask<ExchangeFailure?> SendCommandAsync(PipeWriter output, ExchangeRecord record, ExchangeStep step)
    {
        record.Step = step;
        try
        {
            // A client that has sent everything and closed does not read any more, which its result does not show and
            // need not: what it has sent still counts, and the receiving side alone decides whether that is complete.
            await output.WriteAsync(AccioProtocol.Command);
            return null;
        }
        catch (IOException)
        {
            return ExchangeFailure.Reset;
        }
    }

    /// <summary>Steps 2 and 3: the second command strictly after the first confirmation, but for a lenient server's patience.</summary>
    private async ValueTask<ExchangeFailure?> ConfirmFirstCommandAsync(ExchangeInput input, PipeWriter output, ExchangeRecord record)
    {
        record.Step = ExchangeStep.FirstConfirmation;
        if (_options.Lenient)
        {
            if (await input.ReceiveAsync(patience: AccioProtocol.LenientPatience) is { } failure)
            {
                return failure;
            }

            if (input.Buffer.IsEmpty && !input.Ended)
            {
                // The client waits for both commands before it sends both confirmations.
                return await SendCommandAsync(output, record, ExchangeStep.SecondCommand)
                    ?? await TakeAsync(input, AccioProtocol.FirstConfirmation);
            }

            input.Consume(0);
        }

        return await TakeAsync(input, AccioProtocol.FirstConfirmation)
            ?? await SendCommandAsync(output, record, ExchangeStep.SecondCommand);
    }

    /// <summary>Step 4: with its blank line, which only a lenient server takes for absent.</summary>
    private async ValueTask<ExchangeFailure?> TakeSecondConfirmationAsync(ExchangeInput input, ExchangeRecord record)
    {
        record.Step = ExchangeStep.SecondConfirmation;
        return await TakeAsync(input, AccioProtocol.SecondConfirmation)
            ?? (_options.Lenient ? await SkipBlankLineAsync(input) : await TakeAsync(input, AccioProtocol.BlankLine));
    }

    /// <summary>Takes exactly these bytes, in whatever pieces they come; the first wrong one ends the exchange.</summary>
    private static async ValueTask<ExchangeFailure?> TakeAsync(ExchangeInput input, ReadOnlyMemory<byte> expected)
    {
        while (!expected.IsEmpty)
        {
            if (await input.ReceiveAsync() is { } failure)
            {
                return failure;
            }

            if (input.Buffer.IsEmpty)
            {
                return ExchangeFailure.EndedEarly;
            }

            var count = (int)Math.Min(expected.Length, input.Buffer.Length);
            if (!StartsWith(input.Buffer, expected.Span[..count]))
            {
                return ExchangeFailure.WrongByte;
            }

            input.Consume(count);
            expected = expected[count..];
        }

        return null;
    }

    /// <summary>Decides by the next two bytes whether there is a blank line. If not, they belong to the file.</summary>
    private static async ValueTask<ExchangeFailure?> SkipBlankLineAsync(ExchangeInput input)
    {
        if (await input.ReceiveAsync(atLeast: AccioProtocol.BlankLine.Length) is { } failure)
        {
            return failure;
        }

        input.Consume(StartsWith(input.Buffer, AccioProtocol.BlankLine.Span) ? AccioProtocol.BlankLine.Length : 0);
        return null;
    }

    /// <summary>Steps 5 and 6: whatever comes is the file, until the client ends its sending side.</summary>
    private static async ValueTask<ExchangeFailure?> CountFileAsync(ExchangeInput input, ExchangeRecord record)
    {
        record.Step = ExchangeStep.File;
        do
        {
            if (await input.DiscardAsync() is { } failure)
            {
                return failure;
            }
        }
        while (!input.Ended);

        return null;
    }

    private static bool StartsWith(ReadOnlySequence<byte> buffer, ReadOnlySpan<byte> expected) =>
        new SequenceReader<byte>(buffer).IsNext(expected);
}
