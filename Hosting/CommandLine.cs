using System.CommandLine;
using System.CommandLine.Parsing;

namespace AccioKestrel;

/// <summary>The program's arguments: the port, and options that win over the configuration.</summary>
internal sealed class CommandLine
{
    private readonly Argument<int> _port = new("PORT")
    {
        Description = "The TCP port to listen on, from 1 to 65535.",
        CustomParser = ParsePort,
    };

    private readonly Option<string> _configFile = new("--config")
    {
        HelpName = "FILE",
        Description = "Read settings from this JSON file. Default: appsettings.json in the working directory, if there is one.",
    };

    private readonly (Setting Setting, Option Option)[] _settings =
        [.. Settings.All.Select(setting => (setting, setting.ValueName is null ? (Option)Switch(setting) : Value(setting)))];

    private readonly RootCommand _root = new("The Accio server: counts the bytes of one file per TCP connection, one connection at a time.");

    /// <param name="run">Runs the server with these arguments.</param>
    public CommandLine(Func<ServerArguments, Task<int>> run)
    {
        // An argument is what it looks like: no [directive] that would print to standard output.
        _root.Directives.Clear();
        _root.Add(_port);
        _root.Add(_configFile);
        foreach (var (_, option) in _settings)
        {
            _root.Add(option);
        }

        _root.SetAction((arguments, _) => run(
            new ServerArguments(arguments.GetValue(_port), arguments.GetValue(_configFile), [.. Given(arguments)])));
    }

    /// <summary>Does what the arguments ask for.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(string[] args)
    {
        var arguments = _root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (arguments.Errors is [var error, ..])
        {
            StandardError.Write($"{error.Message} Try --help.");
            return ExitCode.Failure;
        }

        // Signals and failures are the program's own business.
        return await arguments.InvokeAsync(new InvocationConfiguration
        {
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        });
    }

    private IEnumerable<KeyValuePair<string, string?>> Given(ParseResult arguments) =>
        from known in _settings
        where arguments.GetResult(known.Option) is { Implicit: false }
        select KeyValuePair.Create(
            known.Setting.Path,
            known.Option is Option<string> value ? arguments.GetValue(value) : arguments.GetValue((Option<bool>)known.Option) ? "true" : "false");

    private static Option<bool> Switch(Setting setting) => new(setting.Option) { Description = setting.Description };

    private static Option<string> Value(Setting setting) => new(setting.Option)
    {
        HelpName = setting.ValueName,
        Description = setting.Description,
        Arity = setting.IsRepeatable ? ArgumentArity.OneOrMore : ArgumentArity.ExactlyOne,
        CustomParser = result =>
        {
            var text = string.Join(',', result.Tokens.Select(token => token.Value));
            if (!setting.IsAllowed(text))
            {
                result.AddError(setting.Reject(setting.Option, text));
            }

            return text;
        },
    };

    private static int ParsePort(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        if (!Settings.TryParseDecimal(text, largest: 65_535, out var port))
        {
            result.AddError($"The port must be a decimal number from 1 to 65535, not '{text}'.");
        }

        return port;
    }
}
