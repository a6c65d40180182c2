using AccioKestrel.Exchange;

namespace AccioKestrel.Terminal;

/// <summary>Writes results to a terminal, each on a line of its own.</summary>
/// <param name="terminal">The terminal of standard output.</param>
/// <param name="hasSummaries">Whether a summary follows each result on the same terminal.</param>
internal sealed class TerminalResults(TerminalWriter terminal, bool hasSummaries) : IBlockingReceiver
{
    public ValueTask ReceiveAsync(CompletedExchange result, CancellationToken cancellationToken)
    {
        terminal.WriteResult(result.Line, hasSummaries);
        return ValueTask.CompletedTask;
    }
}
