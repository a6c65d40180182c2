using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Net;
using AccioKestrel.Hosting;

namespace AccioKestrel.Server;

/// <summary>The program's command line: the port, and options that override the configuration.</summary>
internal sealed class CommandLine
{
    private readonly Argument<string> _port = new("PORT") { Description = "The TCP port to listen on, from 1 to 65535." };

    private readonly (Setting Setting, Option Option)[] _settings =
        [.. Settings.OptionsAlone.Concat(Settings.All).Select(setting => (setting, OptionOf(setting)))];

    // Not a RootCommand: its name in the help would be that of the executable file.
    private readonly Command _root = new(Product.Name, "The Accio server: counts the bytes of one file per TCP connection, one connection at a time.");

    public CommandLine()
    {
        _root.Add(_port);
        foreach (var (_, option) in _settings)
        {
            _root.Add(option);
        }

        _root.Add(new HelpOption());
        _root.Add(new Option<bool>("--version") { Description = "Show version information", Action = new ShowVersion() });
    }

    /// <summary>Reads the arguments. Answers --help and --version on standard output.</summary>
    /// <returns>The arguments of the server, or null after --help or --version.</returns>
    /// <exception cref="StartException">Says which argument is wrong, and what is allowed.</exception>
    public ServerArguments? Read(string[] args)
    {
        var arguments = _root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (arguments is { Errors: [], Action: not null })
        {
            // ServerProcess reports exceptions.
            arguments.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
            return null;
        }

        var given = (from known in _settings let result = arguments.GetResult(known.Option) where result is { Implicit: false } select (known.Setting, Result: result)).ToList();
        var port = 0;
        var problem = UnknownOption(arguments) ?? given.Select(known => Problem(known.Setting, known.Result)).FirstOrDefault(problem => problem is not null)
            ?? arguments.GetResult(_port)?.Tokens switch
            {
                [var token] when Settings.TryParsePort(token.Value, out port) => null,
                [var token] => RejectPort(token.Value),
                _ => $"The port is missing, as in {Product.Name} 5000.",
            }
            ?? (arguments.UnmatchedTokens is [var superfluous, ..] ? Superfluous(superfluous, arguments.Tokens) : null);
        if (problem is not null)
        {
            throw new StartException($"{problem} Try {Product.Name} --help.");
        }

        var values = given.ToDictionary(known => known.Setting.Path, known => (string?)Value(known.Result), StringComparer.Ordinal);
        values.Remove(Settings.ConfigFile.Path, out var file);
        values.Remove(Settings.CheckConfig.Path, out var check);
        return new ServerArguments(port, file, check is not null && bool.Parse(check), values);
    }

    /// <summary>The parser accepts any number of values, so that a wrong number gets the program's own message.</summary>
    private static Option OptionOf(Setting setting) => setting.ValueName is null
        ? new Option<bool>(setting.Option) { Description = setting.Description }
        : new Option<string>(setting.Option)
        {
            HelpName = setting.ValueName,
            Description = setting.Help,
            Arity = ArgumentArity.ZeroOrMore,
            CustomParser = _ => null,
        };

    /// <summary>The value of an option. A switch without a value is true.</summary>
    private static string Value(OptionResult result) => result.Tokens is [] ? "true" : string.Join(',', result.Tokens.Select(token => token.Value));

    private static string? Problem(Setting setting, OptionResult result) =>
        setting.ValueName is not null && result.Tokens.Count < result.IdentifierTokenCount ? $"{setting.Option} takes {setting.Allowed}, but no value follows it."
        : result.Tokens.Count > 1 && !setting.IsRepeatable ? $"{setting.Option} is given more than once."
        : setting.IsAllowed(Value(result)) ? null
        : setting.Reject(setting.Option, Value(result));

    /// <summary>The problem with an argument that looks like an option and is none. The parser takes it for the port, or for an argument too many.</summary>
    private string? UnknownOption(ParseResult arguments) => arguments.Tokens
        .TakeWhile(token => token.Type is not TokenType.DoubleDash)
        .FirstOrDefault(token => token.Type is TokenType.Argument && Spelling.LooksLikeAnOption(token.Value))?.Value.Split('=', ':')[0] switch
    {
        null => null,
        var name when Spelling.Letters(name) is "p" or "port" => $"{name} is not an option; the port stands alone, as in {Product.Name} 5000.",
        var name => $"{name} is not an option{Suggestion(name)}",
    };

    /// <summary>The end of a sentence about a wrong word, with the option's name that it resembles.</summary>
    private string Suggestion(string word) =>
        Spelling.Nearest(word, _root.Options.Select(option => option.Name)) is { } nearest && !nearest.Equals(word, StringComparison.Ordinal)
            ? $"; did you mean {nearest}?" : ".";

    private static string RejectPort(string text)
    {
        var hint = IPEndPoint.TryParse(text, out var endPoint) && NetworkList.IsWritten(text, endPoint.Address)
            ? $"; the address is an option, as in {Product.Name} {(endPoint.Port is 0 ? 5000 : endPoint.Port)} --listen {endPoint.Address}"
            : Settings.TryParsePort(text[(text.LastIndexOf(':') + 1)..], out var port) ? $"; the port stands alone, as in {Product.Name} {port}" : "";
        return $"The port must be a decimal number from 1 to 65535, not '{text}'{hint}.";
    }

    /// <summary>The problem with an argument behind the port that is not the value of an option.</summary>
    private string Superfluous(string argument, IReadOnlyList<Token> tokens)
    {
        var before = tokens.TakeWhile(token => token.Type is not TokenType.Argument || !token.Value.Equals(argument, StringComparison.Ordinal)).LastOrDefault();
        return before is { Type: TokenType.Option } && _settings.Select(known => known.Setting).FirstOrDefault(setting => setting.Option.Equals(before.Value, StringComparison.Ordinal) && !setting.IsAllowed(argument)) is { } option
            ? option.Reject(option.Option, argument)
            : $"'{argument}' is one argument too many{Suggestion(argument)}";
    }

    private sealed class ShowVersion : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            parseResult.InvocationConfiguration.Output.WriteLine($"{Product.Name} {Product.FullVersion}");
            return ExitCode.Success;
        }
    }
}
