using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using AccioKestrel.Server;

namespace AccioKestrel.Client;

/// <summary>The client's arguments.</summary>
internal sealed class CommandLine
{
    private const string Forever = "forever";
    private const double ShortestTime = 0.001;
    private const double LongestTime = 86_400;
    private static readonly TimeSpan s_defaultTimeout = TimeSpan.FromSeconds(10);

    private const string Example = "AccioClient 127.0.0.1 5000 README.md";

    private readonly Argument<string> _host = new("HOST")
    {
        Description = "The server's name, or its IPv4 or IPv6 address.",
        CustomParser = result => result.Tokens[0].Value is not { Length: > 0 } host ? Fail(result, "", "The host must be a name or an address, not empty.")
            : HostAndPort(host) is { } both ? Fail(result, "", both)
            : host,
    };

    private readonly Argument<int> _port = new("PORT")
    {
        Description = "The server's TCP port, from 1 to 65535.",
        CustomParser = ParsePort,
    };

    private readonly Argument<string> _file = new("FILE")
    {
        Description = "The file to send; - is standard input.",
        CustomParser = result => result.Tokens[0].Value is { Length: > 0 } file
            ? file
            : Fail(result, "", "The file must be a path, or - for standard input, not empty."),
    };

    private readonly Option<bool> _deferred = new("--deferred")
    {
        Description = "Wait for both commands before the first confirmation. Needs a server that sends the second one unasked.",
    };

    private readonly Option<TimeSpan> _wait = Seconds(
        "--wait", "SECONDS|forever", "Seconds to wait in the queue for the first command, or forever. Default: as --timeout.", orForever: true);

    private readonly Option<TimeSpan> _timeout = Seconds(
        "--timeout", "SECONDS", "Seconds that connecting, a command, a stall of the file, a pause of standard input, or the server's close may take. Default: 10.", orForever: false);

    private readonly Option<bool> _quiet = new("--quiet")
    {
        Description = "Show nothing but errors.",
    };

    private readonly RootCommand _root = new("The Accio client: sends a file to an Accio server.");

    /// <param name="run">Runs a transfer with these options, and returns the exit code.</param>
    public CommandLine(Func<TransferOptions, Task<int>> run)
    {
        // Without directives: an argument in brackets would otherwise make the parser print to standard output.
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

    /// <summary>Runs the command that the arguments select.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(string[] args)
    {
        var arguments = _root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (Problem(arguments) is { } problem)
        {
            StandardError.WriteError($"{problem} Usage: AccioClient HOST PORT FILE [options]; try --help.");
            return 1;
        }

        // The program handles signals and exceptions itself.
        return await arguments.InvokeAsync(new InvocationConfiguration
        {
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        });
    }

    /// <summary>The problem with the arguments, or null.</summary>
    private string? Problem(ParseResult arguments)
    {
        var error = arguments.Errors is [var first, ..] ? first : null;
        // The parser takes an unknown option for an argument, often without an error. It clears all errors for --help.
        var unknown = error is not null || arguments.Action == _root.Action ? UnknownOption(arguments) : null;
        return unknown ?? (error is null ? null : Explain(arguments, error));
    }

    /// <summary>The error in the client's own words. The parser's messages are about commands and symbols.</summary>
    private string Explain(ParseResult arguments, ParseError error)
    {
        if (arguments.GetResult(_host) is { Tokens: [var host, ..] } && HostAndPort(host.Value) is { } both)
        {
            return both;
        }

        var missing = new (Argument Argument, string Words)[] { (_host, "host"), (_port, "port"), (_file, "file") }
            .Where(argument => arguments.GetResult(argument.Argument) is not { Tokens.Count: > 0 })
            .Select(argument => $"the {argument.Words}")
            .ToArray();
        if (missing.Length > 0)
        {
            var words = missing.Length == 1 ? missing[0] : $"{string.Join(", ", missing[..^1])} and {missing[^1]}";
            return $"T{words[1..]} {(missing.Length == 1 ? "is" : "are")} missing, as in {Example}.";
        }

        return arguments.UnmatchedTokens is [var extra, ..]
            ? $"'{Printable.Of(extra)}' is one argument too many: the client sends one file."
            : error.SymbolResult is OptionResult option && Misused(option) is { } misused ? misused : error.Message;
    }

    /// <summary>The problem with an argument that looks like an option and is none. The parser takes it for a host, a port or a file.</summary>
    private string? UnknownOption(ParseResult arguments)
    {
        var unknown = arguments.Tokens
            .TakeWhile(token => token.Type is not TokenType.DoubleDash)
            .FirstOrDefault(token => token.Type is TokenType.Argument && Spelling.LooksLikeAnOption(token.Value));
        if (unknown is null)
        {
            return null;
        }

        var name = Printable.Of(unknown.Value.Split('=', ':')[0]);
        var advice = Spelling.Letters(name) is "p" or "port" ? $"; the port is the second argument, as in {Example}."
            : Spelling.Nearest(name, _root.Options.Select(option => option.Name)) is { } nearest ? $"; did you mean {nearest}?"
            : ".";
        return $"{name} is not an option{advice}";
    }

    private string? Misused(OptionResult option) => option switch
    {
        { IdentifierTokenCount: > 1 } => $"{option.Option.Name} may be given only once.",
        { Tokens.Count: 0 } when option.Option == _wait || option.Option == _timeout => $"{Allowed(option.Option.Name, orForever: option.Option == _wait)}.",
        _ => null,
    };

    /// <summary>Recognises a host with a port. An IPv6 address contains colons, so it has a port only behind brackets.</summary>
    /// <returns>What to write instead, or null if the text has no port.</returns>
    private static string? HostAndPort(string text)
    {
        var colon = text.LastIndexOf(':');
        if (colon < 1 || !int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port))
        {
            return null;
        }

        var host = text[..colon] is ['[', .. var address, ']'] ? address : text[..colon];
        return host.Contains(':', StringComparison.Ordinal) && host.Length == colon
            ? null
            : Printable.Of(string.Create(CultureInfo.InvariantCulture, $"Write host and port as two arguments: {host} {port}, not {text}."));
    }

    private TransferOptions Options(ParseResult arguments)
    {
        var limit = arguments.GetResult(_timeout) is null ? s_defaultTimeout : arguments.GetValue(_timeout);
        return new TransferOptions(
            arguments.GetValue(_host)!,
            arguments.GetValue(_port),
            arguments.GetValue(_file)!,
            arguments.GetValue(_deferred),
            arguments.GetResult(_wait) is null ? limit : arguments.GetValue(_wait),
            limit,
            arguments.GetValue(_quiet));
    }

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
                : Fail(result, TimeSpan.Zero, $"{Allowed(name, orForever)}, not '{text}'.");
        },
    };

    private static string Allowed(string name, bool orForever) => string.Create(
        CultureInfo.InvariantCulture, $"{name} takes a number of seconds from {ShortestTime} to {LongestTime}{(orForever ? $", or {Forever}" : "")}");

    private static T Fail<T>(ArgumentResult result, T value, string message)
    {
        result.AddError(message);
        return value;
    }
}
