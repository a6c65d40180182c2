namespace AccioKestrel.Checker;

/// <summary>The known mistakes, each in a sentence or two that says what to change.</summary>
internal static class Hints
{
    public const string Text = "Everything is bytes: no text mode, no .decode() and no .encode(); compare with b\"...\" and count with len() of what recv() returned.";

    public const string OneReceive =
        "One recv() is not one message: collect bytes until the whole confirmation is there, and treat what comes behind it as the beginning of the file.";

    public const string CountHeader = "The header (15 + 23 bytes of the two confirmations) is no part of the file, and everything behind it is.";

    public const string Leftover =
        "What the recv() that completed the header returned beyond the header already belongs to the file: count it. Or never ask recv() for more bytes than are missing.";

    public const string SearchInFile = "Nothing behind the header is parsed: do not look for \\r\\n\\r\\n or confirm-accio in the file.";

    public const string Flush = "Standard output to a pipe is buffered: print(..., flush=True), or sys.stdout.flush() after each result.";

    public const string NumberAlone = "Print the number on a line of its own, without other words: print(count, flush=True).";

    public const string PrintOnlyResults = "Standard output is for results alone: write messages to standard error (print(..., file=sys.stderr)), or not at all.";

    public const string Signals =
        "Set a handler for SIGINT, SIGTERM and SIGQUIT before listen() that sets a flag, and give accept() and recv() a time-out of a second, after which the loop looks at it; then leave the main loop, and end with code 0.";

    public const string Port = "Check the argument first: a decimal number from 1 to 65535. Otherwise write a line that begins with ERROR: to standard error, and end with a code other than 0.";

    public const string Silence =
        "Give the connection (not the listening socket) a time-out of 10 s before the first recv(), keep it for the file too, and catch it: print ERROR, close, go on with accept().";

    public const string WholeTimeout = "Ten seconds are counted from the last byte that was received, not from the beginning of the connection: socket.settimeout(10) does that, one timer for all does not.";

    public const string GoOn = "Catch what goes wrong with one connection around that connection, inside the loop of accept(): print ERROR, close it, and go on.";

    public const string Backlog = "listen(10) or more: with a short backlog the kernel drops the clients that come while one is served.";

    public const string OneAtATime = "One connection after another: no thread for each, and accept() only when the previous connection is over.";

    public const string Collect = "Count the bytes of each recv() and forget them: a file may be larger than the memory.";

    public const string ReuseAddress = "Set SO_REUSEADDR on the listening socket before bind(): connections of the previous run still occupy the port for a minute.";

    public const string AllInterfaces = "Bind 0.0.0.0, not localhost or 127.0.0.1.";

    public const string BusyLoop = "Let accept() and recv() block, with a time-out: a loop around a non-blocking call burns a processor and may fail any test at random.";

    public const string CloseSockets = "Close each connection in a finally block, or with a with statement, on all paths: time-outs and errors too.";

    public const string Compare = "Compare what was received with the confirmations, byte by byte; anything else ends the connection with ERROR.";

    public const string Command = "Send b\"accio\\r\\n\" (7 bytes, with sendall()) as soon as a connection is accepted.";

    public const string SecondCommand = "Send the second accio\\r\\n only after the whole first confirmation has been received.";

    public const string Reset = "A connection that was reset raises ConnectionResetError (an OSError) from recv() or sendall(): it is an ERROR, never a number.";

    public const string Pause = "A pause is not the end of a file: only recv() returning no bytes is. Ten seconds of silence are a time-out, fewer are not.";

    public const string Sum = "Add the len() of what each recv() returned to the sum, once, from the header's end until recv() returns no bytes.";

    public const string OneLine = "One connection has one line, printed once, when it is over: the number, or ERROR.";

    public const string GoodFile = "Nothing was wrong with this client: an exception in your own code, or a time-out that is too short, has made it an ERROR.";

    public const string Exit = "Leave the main loop, and let the program end behind it: code zero needs no exit call.";

    public const string OwnError = "Python has ended the program by this error: start it by hand, and mend the line that the traceback names.";

    public const string WrongSocket = "The program ended when a client came: send and receive with the socket that accept() has returned, not with the one that listens.";

    public const string Limit = "No right server meets this limit: look for a loop that goes on without waiting for anything, in front of accept().";

    private static readonly string[] s_text =
        ["UnicodeDecodeError", "bytes-like object is required", "must be bytes or a tuple of bytes", "can't concat str to bytes", "can only concatenate str", "must be str, not bytes"];

    private static readonly string[] s_own =
        ["SyntaxError", "IndentationError", "TabError", "NameError", "UnboundLocalError", "AttributeError", "ImportError", "ModuleNotFoundError", "TypeError", "IndexError", "RecursionError"];

    /// <summary>
    /// The mistake that the program's own errors tell, whatever the check is. Time-outs, resets and addresses in use are none: they follow from
    /// what the check does, whose own hint is better.
    /// </summary>
    public static string? FromErrors(string errors) =>
        !errors.Contains("Error", StringComparison.Ordinal) ? null
        : s_text.Any(text => errors.Contains(text, StringComparison.Ordinal)) ? Text
        : errors.TrimEnd().Split('\n')[^1] is var last && s_own.Any(name => last.StartsWith(name, StringComparison.Ordinal)) ? OwnError
        : null;
}
