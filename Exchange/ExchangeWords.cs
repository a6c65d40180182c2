using System.Globalization;
using System.Text.Json;

namespace AccioKestrel.Exchange;

/// <summary>
/// The words for the steps and failures of an exchange. Terminal, log, status page and documents use these and no others;
/// docs/REFERENCE.md explains each of them to users.
/// </summary>
internal static class ExchangeWords
{
    /// <summary>What the server is doing in this step.</summary>
    public static string Of(ExchangeStep step) => step switch
    {
        ExchangeStep.TlsHandshake => "shaking hands for TLS",
        ExchangeStep.FirstCommand => "sending accio",
        ExchangeStep.FirstConfirmation => "waiting for confirm-accio",
        ExchangeStep.SecondCommand => "sending accio again",
        ExchangeStep.SecondConfirmation => "waiting for confirm-accio-again",
        _ => "receiving the file",
    };

    /// <summary>What the server is doing in this exchange.</summary>
    public static string Of(ActiveExchange exchange) =>
        exchange is { Step: ExchangeStep.FirstConfirmation, HasBothCommands: true } ? $"{Of(exchange.Step)}, second accio sent" : Of(exchange.Step);

    /// <summary>Why an exchange ended with <c>ERROR</c>, in two or three words.</summary>
    public static string Of(ExchangeFailure failure) => failure switch
    {
        ExchangeFailure.IdleTimeout => "silent too long",
        ExchangeFailure.WrongByte => "wrong byte",
        ExchangeFailure.EndedEarly => "ended early",
        ExchangeFailure.Reset => "connection reset",
        ExchangeFailure.ServerStopped => "server stopped",
        ExchangeFailure.TooSlow => "file too slow",
        ExchangeFailure.HandshakeTimeout => "handshake too slow",
        ExchangeFailure.TooLong => "exchange too long",
        ExchangeFailure.TooLarge => "file too large",
        _ => "server defect",
    };

    /// <summary>The confirmation that a step waits for.</summary>
    public static string Confirmation(ExchangeStep step) => step is ExchangeStep.SecondConfirmation ? "confirm-accio-again" : "confirm-accio";

    /// <summary>
    /// Why this exchange ends now with <c>ERROR</c>, in one sentence: the words of its failure, then where and how.
    /// </summary>
    public static string Reason(ActiveExchange exchange, ExchangeFailure failure) => $"{Of(failure)}: {Detail(exchange, failure)}";

    /// <summary>The count of each failure, to follow the number of errors: <c> (2 wrong byte, 1 silent too long)</c>. Empty if there was none.</summary>
    public static string Failures(HistorySnapshot history) => history.Errors == 0 ? "" : $" ({string.Join(", ", Enum.GetValues<ExchangeFailure>()
        .Select(failure => (Words: Of(failure), Count: history.Failed[(int)failure]))
        .Where(failure => failure.Count > 0)
        .Select(failure => string.Create(CultureInfo.InvariantCulture, $"{failure.Count} {failure.Words}")))})";

    private static string Detail(ActiveExchange exchange, ExchangeFailure failure) => failure switch
    {
        ExchangeFailure.IdleTimeout => string.Create(
            CultureInfo.InvariantCulture, $"no byte for {RoundedDown(exchange.Silence.TotalSeconds):0.0} s, {Of(exchange)}{IdleHint(exchange)}"),
        ExchangeFailure.WrongByte => $"{exchange.WrongByte}",
        ExchangeFailure.EndedEarly when exchange is { Step: ExchangeStep.FirstConfirmation, Confirmed: 0 } =>
            "the client ended without a byte; a client that gives up while it waits for its turn does so too",
        ExchangeFailure.EndedEarly => string.Create(
            CultureInfo.InvariantCulture,
            $"the client ended after {exchange.Confirmed} of the {ConfirmationLength(exchange.Step)} bytes of {Confirmation(exchange.Step)}"),
        ExchangeFailure.TooSlow => "below the minimum data rate",
        ExchangeFailure.HandshakeTimeout => $"over the handshake timeout, {Of(exchange)}",
        ExchangeFailure.TooLong => $"over the maximum exchange duration, {Of(exchange)}",
        ExchangeFailure.TooLarge => "over the maximum file size",
        _ => Of(exchange),
    };

    /// <summary>Rounded down to tenths: a silence must not look longer than the whole exchange, whose time is shown beside it.</summary>
    private static double RoundedDown(double seconds) => Math.Floor(seconds * 10) / 10;

    private static int ConfirmationLength(ExchangeStep step) => step is ExchangeStep.SecondConfirmation
        ? AccioProtocol.SecondConfirmation.Length
        : AccioProtocol.FirstConfirmation.Length;

    /// <summary>
    /// A client that has read one command and sent nothing may be one that waits for the second command first; a client that
    /// has sent its file may wait for an answer.
    /// </summary>
    private static string IdleHint(ActiveExchange exchange) => exchange switch
    {
        { Step: ExchangeStep.FirstConfirmation, Confirmed: 0, HasBothCommands: false } => " (a client that waits for both commands needs a lenient server)",
        { Step: ExchangeStep.File } => " (a file ends when the client ends its sending side, by a shutdown or a close)",
        _ => "",
    };

    /// <summary>The name of a step or a failure in JSON.</summary>
    public static string Name<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.CamelCase.ConvertName(value.ToString());
}
