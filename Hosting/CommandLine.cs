using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace AccioKestrel;

/// <summary>The program's arguments: the port, and options that win over the configuration.</summary>
internal sealed class CommandLine
{
    private readonly Argument<int> _port = new("PORT")
    {
        Description = "The TCP port to listen on, from 1 to 65535.",
        CustomParser = ParsePort,
    };

    private readonly Option<double> _idleTimeout = Number(
        "--idle-timeout", "SECONDS", "Seconds without a byte after which a client gets ERROR; fractions allowed. Default: 10.", AccioOptions.ShortestIdleTimeout);

    private readonly Option<double> _shutdownGrace = Number(
        "--shutdown-grace", "SECONDS", "Seconds that a file in transfer gets to end when the server is told to stop. Default: 5.", 0);

    private readonly Option<int> _backlog = new("--backlog")
    {
        HelpName = "N",
        Description = "How many clients may wait in the kernel's queue; net.core.somaxconn caps it. Default: 512.",
        CustomParser = result => TryParseDecimal(result.Tokens[0].Value, AccioOptions.LargestBacklog, out var backlog)
            ? backlog
            : Fail<int>(result, $"--backlog takes a number from 1 to {AccioOptions.LargestBacklog}, not '{result.Tokens[0].Value}'."),
    };

    private readonly Option<bool> _lenient = new("--lenient")
    {
        Description = "Also serve clients that wait for both commands first, or that leave out the blank line.",
    };

    private readonly RootCommand _root = new("The Accio server: counts the bytes of one file per TCP connection, one connection at a time.");

    /// <param name="run">Runs the server on this port, with these settings on top of the configuration.</param>
    public CommandLine(Func<int, IEnumerable<KeyValuePair<string, string?>>, Task<int>> run)
    {
        // An argument is what it looks like: no [directive] that would print to standard output.
        _root.Directives.Clear();
        _root.Add(_port);
        _root.Add(_idleTimeout);
        _root.Add(_shutdownGrace);
        _root.Add(_backlog);
        _root.Add(_lenient);
        _root.SetAction((arguments, _) => run(arguments.GetValue(_port), Settings(arguments)));
    }

    /// <summary>Does what the arguments ask for.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(string[] args)
    {
        var arguments = _root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (arguments.Errors is [var error, ..])
        {
            await Console.Error.WriteLineAsync($"ERROR: {error.Message} Try --help.");
            return ExitCode.Failure;
        }

        // Signals and failures are the program's own business.
        return await arguments.InvokeAsync(new InvocationConfiguration
        {
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        });
    }

    private IEnumerable<KeyValuePair<string, string?>> Settings(ParseResult arguments) =>
        from setting in new (Option Option, string Key)[]
        {
            (_idleTimeout, nameof(AccioOptions.IdleTimeout)),
            (_shutdownGrace, nameof(AccioOptions.ShutdownGrace)),
            (_backlog, nameof(AccioOptions.Backlog)),
            (_lenient, nameof(AccioOptions.Lenient)),
        }
        where arguments.GetResult(setting.Option) is { Implicit: false }
        select KeyValuePair.Create(
            $"{AccioOptions.Section}:{setting.Key}",
            Convert.ToString(arguments.GetValue<object>(setting.Option.Name), CultureInfo.InvariantCulture));

    private static int ParsePort(ArgumentResult result) =>
        TryParseDecimal(result.Tokens[0].Value, largest: 65_535, out var port)
            ? port
            : Fail<int>(result, $"The port must be a decimal number from 1 to 65535, not '{result.Tokens[0].Value}'.");

    private static bool TryParseDecimal(string text, int largest, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number >= 1 && number <= largest;

    private static Option<double> Number(string name, string helpName, string description, double smallest) => new(name)
    {
        HelpName = helpName,
        Description = description,
        CustomParser = result =>
            double.TryParse(result.Tokens[0].Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            && number >= smallest && number <= AccioOptions.LongestTime
                ? number
                : Fail<double>(result, string.Create(
                    CultureInfo.InvariantCulture,
                    $"{name} takes a number of seconds from {smallest} to {AccioOptions.LongestTime}, not '{result.Tokens[0].Value}'.")),
    };

    private static T Fail<T>(ArgumentResult result, string message)
        where T : struct
    {
        result.AddError(message);
        return default;
    }
}
