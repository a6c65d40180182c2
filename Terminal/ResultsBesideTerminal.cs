using AccioKestrel.Exchange;
using AccioKestrel.Hosting;

namespace AccioKestrel.Terminal;

/// <summary>
/// Writes results to a standard output that is no terminal, while standard error is one. Erases the progress line first, because a
/// program behind the pipe, such as <c>tee</c>, can show the result on the same terminal.
/// </summary>
internal sealed class ResultsBesideTerminal(StandardOutput output, TerminalWriter terminal) : IBlockingReceiver
{
    public ValueTask ReceiveAsync(CompletedExchange result, CancellationToken cancellationToken)
    {
        terminal.EraseProgress();
        return output.ReceiveAsync(result, cancellationToken);
    }
}
