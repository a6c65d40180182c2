namespace AccioKestrel.Fuzz;

/// <summary>
/// A simple model of the protocol. It sees all bytes of the client as one array, without pieces, buffers and timers, and shares no code
/// with the server.
/// </summary>
internal static class Model
{
    private static readonly byte[] s_first = "confirm-accio\r\n"u8.ToArray();
    private static readonly byte[] s_header = "confirm-accio\r\nconfirm-accio-again\r\n\r\n"u8.ToArray();

    public static Verdict Predict(Script script)
    {
        // The bytes that came in time, and the reason for their end.
        var bytes = new List<byte>();
        var silence = TimeSpan.Zero;
        var patience = script.Lenient;
        var askedTwice = false;
        var end = script.End;
        foreach (var step in script.Steps)
        {
            silence += step.Silence;
            askedTwice |= patience && silence >= TimeSpan.FromSeconds(2);
            if (silence > TimeSpan.FromSeconds(10.1))
            {
                end = ScriptEnd.Silence;
                break;
            }

            if (!step.Bytes.IsEmpty)
            {
                bytes.AddRange(step.Bytes.Span);
                silence = TimeSpan.Zero;
                patience = false;
            }
        }

        askedTwice |= patience && end == ScriptEnd.Silence;
        var received = bytes.ToArray();
        var sent = askedTwice || received.AsSpan().StartsWith(s_first) ? 14 : 7;

        // A lenient server also accepts a header without its empty line.
        var shortHeader = s_header.Length - 2;
        var required = script.Lenient ? shortHeader : s_header.Length;
        for (var i = 0; i < required; i++)
        {
            if (i == received.Length)
            {
                return Failed(Why(end, whole: false), sent);
            }

            if (received[i] != s_header[i])
            {
                return Failed(ExchangeFailure.WrongByte, sent);
            }
        }

        var header = received.AsSpan().StartsWith(s_header) ? s_header.Length : shortHeader;
        if (received.Length - header > script.MaxFileSize)
        {
            // With a single byte after the header, a lenient server does not know yet whether the byte belongs to the file.
            var undecided = script.Lenient && received.Length - shortHeader < 2 && end != ScriptEnd.HalfClose;
            return Failed(undecided ? Why(end, whole: false) : ExchangeFailure.TooLarge, sent);
        }

        return end == ScriptEnd.HalfClose ? new Verdict($"{received.Length - header}", null, sent) : Failed(Why(end, whole: true), sent);
    }

    private static Verdict Failed(ExchangeFailure? failure, int sent) => new("ERROR", failure, sent);

    private static ExchangeFailure? Why(ScriptEnd end, bool whole) => end switch
    {
        ScriptEnd.Reset => ExchangeFailure.Reset,
        ScriptEnd.Silence => ExchangeFailure.IdleTimeout,
        ScriptEnd.Stop => ExchangeFailure.ServerStopped,
        _ => whole ? null : ExchangeFailure.EndedEarly,
    };
}
