using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace AccioKestrel.Client;

/// <summary>The client's arguments.</summary>
internal sealed class CommandLine
{
    private const string Forever = "forever";
    private const double ShortestTime = 0.001;
    private const double LongestTime = 86_400;
    private static readonly TimeSpan s_published = TimeSpan.FromSeconds(10);

    private readonly Argument<string> _host = Text("HOST", "The server's name, or its IPv4 or IPv6 address.", "The host must be a name or an address, not empty.");

    private readonly Argument<int> _port = new("PORT")
    {
        Description = "The server's TCP port, from 1 to 65535.",
        CustomParser = ParsePort,
    };

    private readonly Argument<string> _file = Text("FILE", "The file to send; - is standard input.", "The file must be a path, or - for standard input, not empty.");

    private readonly Option<bool> _deferred = new("--deferred")
    {
        Description = "Wait for both commands before the first confirmation. Needs a server that sends the second one unasked.",
    };

    private readonly Option<TimeSpan> _wait = Seconds(
        "--wait", "SECONDS|forever", "Seconds to wait in the queue for the first command, or forever. Default: as --timeout.", orForever: true);

    private readonly Option<TimeSpan> _timeout = Seconds(
        "--timeout", "SECONDS", "Seconds that connecting, a command, a stall of the file or the server's end may take. Default: 10.", orForever: false);

    private readonly Option<bool> _quiet = new("--quiet")
    {
        Description = "Show nothing but errors.",
    };

    private readonly RootCommand _root = new("The Accio client: sends a file to an Accio server.");

    /// <param name="run">Does what these options ask for, and returns the exit code.</param>
    public CommandLine(Func<TransferOptions, Task<int>> run)
    {
        // An argument is what it looks like: no [directive] that would print to standard output.
        _root.Directives.Clear();
        _root.Add(_host);
        _root.Add(_port);
        _root.Add(_file);
        _root.Add(_deferred);
        _root.Add(_wait);
        _root.Add(_timeout);
        _root.Add(_quiet);
        _root.SetAction((arguments, _) => run(Options(arguments)));
    }

    /// <summary>Does what the arguments ask for.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(string[] args)
    {
        var arguments = _root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (arguments.Errors is [var error, ..])
        {
            await Console.Error.WriteLineAsync($"ERROR: {error.Message} Usage: AccioClient HOST PORT FILE [options]; try --help.");
            return 1;
        }

        // Signals and failures are the program's own business.
        return await arguments.InvokeAsync(new InvocationConfiguration
        {
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        });
    }

    private TransferOptions Options(ParseResult arguments)
    {
        var limit = arguments.GetResult(_timeout) is null ? s_published : arguments.GetValue(_timeout);
        return new TransferOptions(
            arguments.GetValue(_host)!,
            arguments.GetValue(_port),
            arguments.GetValue(_file)!,
            arguments.GetValue(_deferred),
            arguments.GetResult(_wait) is null ? limit : arguments.GetValue(_wait),
            limit,
            arguments.GetValue(_quiet));
    }

    private static Argument<string> Text(string name, string description, string error) => new(name)
    {
        Description = description,
        CustomParser = result => result.Tokens[0].Value is { Length: > 0 } text ? text : Fail(result, "", error),
    };

    private static int ParsePort(ArgumentResult result) =>
        int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is >= 1 and <= 65_535
            ? port
            : Fail(result, 0, $"The port must be a decimal number from 1 to 65535, not '{result.Tokens[0].Value}'.");

    private static Option<TimeSpan> Seconds(string name, string helpName, string description, bool orForever) => new(name)
    {
        HelpName = helpName,
        Description = description,
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            if (orForever && text is Forever)
            {
                return Timeout.InfiniteTimeSpan;
            }

            return double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds is >= ShortestTime and <= LongestTime
                ? TimeSpan.FromSeconds(seconds)
                : Fail(result, TimeSpan.Zero, string.Create(
                    CultureInfo.InvariantCulture,
                    $"{name} takes a number of seconds from {ShortestTime} to {LongestTime}{(orForever ? $", or {Forever}" : "")}, not '{text}'."));
        },
    };

    private static T Fail<T>(ArgumentResult result, T value, string message)
    {
        result.AddError(message);
        return value;
    }
}
