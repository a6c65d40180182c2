using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace AccioKestrel.Checker;

/// <summary>The options of all commands that check something.</summary>
internal sealed class CheckOptions
{
    private const int DefaultJobs = 12;

    private readonly Option<string[]> _only = Names("--only", "Make these checks alone: ids or numbers of criteria, separated by commas.");
    private readonly Option<string[]> _skip = Names("--skip", "Leave these checks out.");
    private readonly Option<bool> _strict = new("--strict") { Description = "What is not strict fails, and what fails beyond the points counts for the exit code." };
    private readonly Option<int> _seed = SeedOption();
    private readonly Option<int> _jobs = NumberOption("--jobs", "Checks at the same time; most of them only wait. A running server is checked one by one.", least: 1, DefaultJobs);
    private readonly Option<int> _memory = NumberOption("--memory", "The most memory that each run of the program may have, in MiB. A program that takes more is ended. No effect with --connect.", least: 1, CheckTarget.DefaultMemory);
    private readonly Option<int?> _minScore = new("--min-score")
    {
        HelpName = "POINTS",
        Description = "End with code 0 from so many points on, and with 1 below.",
        CustomParser = result => Number(result, "--min-score", least: 0),
    };

    private readonly Option<string[]> _reports = new("--report") { HelpName = "FORMAT=FILE", Description = $"Write a report, more than once: {ReportFormats.Names}.", Arity = ArgumentArity.ZeroOrMore };
    private readonly Option<Emulation> _emulate = EmulateOption(Emulation.Instructor);
    private readonly Option<string?> _repository = new("--repository") { HelpName = "DIR", Description = "The repository of the submission, for its commits." };
    private readonly Option<string?> _base = new("--base") { HelpName = "REVISION", Description = "Count commits behind this one." };

    public static Option<Emulation> EmulateOption(Emulation defaultValue) => new("--emulate")
    {
        HelpName = "NETWORK",
        Description = $"The bad network: {Emulation.Syntax}.",
        DefaultValueFactory = _ => defaultValue,
        CustomParser = result =>
        {
            var emulation = Emulation.None;
            foreach (var token in result.Tokens)
            {
                if (emulation.With(token.Value) is not { } more)
                {
                    result.AddError($"--emulate takes {Emulation.Syntax}; not '{token.Value}'.");
                    return Emulation.None;
                }

                emulation = more;
            }

            return emulation;
        },
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false,
    };

    public static Option<int> SeedOption() => NumberOption("--seed", "Makes random numbers repeatable.", least: 0, defaultValue: 1);

    public static Option<int> NumberOption(string name, string description, int least, int defaultValue) => new(name)
    {
        HelpName = "NUMBER",
        Description = description,
        DefaultValueFactory = _ => defaultValue,
        CustomParser = result => Number(result, name, least),
    };

    public void AddTo(Command command)
    {
        Option[] options = [_only, _skip, _strict, _seed, _jobs, _memory, _minScore, _reports, _emulate, _repository, _base];
        foreach (var option in options)
        {
            command.Add(option);
        }
    }

    public CheckSettings Read(ParseResult arguments)
    {
        var reports = new List<ReportFile>();
        foreach (var report in arguments.GetValue(_reports) ?? [])
        {
            if (report.Split('=', 2) is not [var name, { Length: > 0 } file] || ReportFormats.Find(name) is not { } format)
            {
                throw new UsageException($"--report takes FORMAT=FILE, with one of these formats: {ReportFormats.Names}; not '{report}'.");
            }

            // Found now, and not when all checks are made.
            if (Path.GetDirectoryName(Path.GetFullPath(file)) is { } folder && !Directory.Exists(folder))
            {
                throw new UsageException($"--report {report}: there is no folder {folder}.");
            }

            reports.Add(new ReportFile(format, file));
        }

        if (arguments.GetValue(_repository) is { } repository && !Directory.Exists(repository))
        {
            throw new UsageException($"--repository: there is no folder {repository}.");
        }

        return new CheckSettings(
            Split(_only, arguments),
            Split(_skip, arguments),
            arguments.GetValue(_strict),
            arguments.GetValue(_seed),
            arguments.GetValue(_jobs),
            arguments.GetValue(_memory),
            arguments.GetValue(_minScore),
            reports,
            arguments.GetValue(_emulate)!,
            arguments.GetValue(_repository),
            arguments.GetValue(_base));
    }

    private static Option<string[]> Names(string name, string description) => new(name) { HelpName = "ID[,ID]", Description = description, Arity = ArgumentArity.ZeroOrMore };

    private static string[] Split(Option<string[]> option, ParseResult arguments)
    {
        var given = arguments.GetValue(option) ?? [];
        string[] names = [.. given.SelectMany(name => name.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))];
        return names.Length == 0 && given.Length > 0 ? throw new UsageException($"{option.Name} takes ids or numbers of criteria, separated by commas.") : names;
    }

    /// <summary>The parser's own message for what is no number would name a type of this program.</summary>
    private static int Number(ArgumentResult result, string name, int least)
    {
        var given = result.Tokens.Count == 0 ? "" : result.Tokens[^1].Value;
        if (!int.TryParse(given, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) || number < least)
        {
            result.AddError($"{name} takes a whole number from {least}; not '{given}'.");
        }

        return number;
    }
}
