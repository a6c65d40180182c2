using System.Globalization;
using AccioKestrel.Exchange;

namespace AccioKestrel.Terminal;

/// <summary>
/// The line about the exchange in progress: what the server waits for or receives, how long the client has been silent, and how many
/// clients wait. On a narrow terminal the line is shorter.
/// </summary>
internal static class ProgressLine
{
    private const string WaitingFor = "waiting for ";

    /// <summary>The shortest silence that is shown. Shorter ones are ordinary pauses.</summary>
    private static readonly TimeSpan s_noticeable = TimeSpan.FromSeconds(1);

    /// <param name="exchange">The exchange in progress.</param>
    /// <param name="bytesPerSecond">How fast its file comes in.</param>
    /// <param name="waiting">How many clients wait for their turn.</param>
    /// <param name="idleTimeout">The silence that ends the exchange.</param>
    /// <param name="room">The columns of the terminal. A longer line would wrap, and scroll the terminal each time it is drawn.</param>
    public static string Of(ActiveExchange exchange, double bytesPerSecond, int waiting, TimeSpan idleTimeout, int room)
    {
        var silence = exchange.Silence;
        var seconds = string.Create(CultureInfo.InvariantCulture, $"silent {(long)silence.TotalSeconds} s");
        var (silent, ofLimit) = silence < s_noticeable ? ("", "")
            : ($", {seconds}", string.Create(CultureInfo.InvariantCulture, $", {seconds} of {idleTimeout.TotalSeconds} s"));
        var queue = waiting > 0 ? string.Create(CultureInfo.InvariantCulture, $", {waiting} waiting") : "";
        return TerminalText.Indent + (exchange.Step is ExchangeStep.File
            ? File(exchange, bytesPerSecond, silent, ofLimit, queue, room - TerminalText.Indent.Length)
            : Handshake(exchange, silent, ofLimit, queue, room - TerminalText.Indent.Length));
    }

    private static string File(ActiveExchange exchange, double bytesPerSecond, string silent, string ofLimit, string queue, int room)
    {
        var size = ByteText.Size(exchange.Bytes);
        // The rate of a silent client would only decay, so its silence is shown instead.
        var (moves, shortly) = silent.Length > 0 ? (ofLimit, silent) : ($", {ByteText.Size(bytesPerSecond)}/s", "");
        var all = $"{size}{moves}, {DurationText.Clock(exchange.Elapsed)}{queue}";
        return FirstThatFits(room, $"{exchange.Peer}  {all}", all, $"{size}{moves}{queue}", $"{size}{moves}", $"{size}{shortly}", size);
    }

    /// <summary>Without the duration of the exchange: the client approaches the limit of its silence, not of the duration.</summary>
    private static string Handshake(ActiveExchange exchange, string silent, string ofLimit, string queue, int room)
    {
        var words = ExchangeWords.Of(exchange);
        var shortly = words.StartsWith(WaitingFor, StringComparison.Ordinal) ? words[WaitingFor.Length..] : words;
        var all = $"{words}{ofLimit}{queue}";
        return FirstThatFits(
            room, $"{exchange.Peer}  {all}", all, $"{words}{ofLimit}", $"{words}{silent}", $"{shortly}{ofLimit}", $"{shortly}{silent}", shortly);
    }

    /// <returns>The first text that fits. If none does, the end of the last one, because the two confirmations differ at their ends.</returns>
    private static string FirstThatFits(int room, params ReadOnlySpan<string> texts)
    {
        foreach (var text in texts)
        {
            if (text.Length <= room)
            {
                return text;
            }
        }

        return room > 0 ? $"…{texts[^1][^(room - 1)..]}" : "";
    }
}
