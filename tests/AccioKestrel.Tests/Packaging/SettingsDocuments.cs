namespace AccioKestrel.Tests.Packaging;

/// <summary>What is made from the table of settings: the table of docs/REFERENCE.md, the manual page and the completions of three shells.</summary>
internal static class SettingsDocuments
{
    private const string Begin = "<!-- settings: made from the program's table, see CONTRIBUTING.md -->\n";
    private const string End = "<!-- end of settings -->\n";
    private const string Note = "Made from the program's table of settings, see CONTRIBUTING.md.";

    private static readonly IReadOnlyList<Setting> s_options = [.. Settings.All, .. Settings.OptionsAlone];

    /// <summary>The files and what each must hold.</summary>
    public static IReadOnlyDictionary<string, Func<string>> Files { get; } = new Dictionary<string, Func<string>>(StringComparer.Ordinal)
    {
        ["docs/REFERENCE.md"] = Reference,
        ["deploy/man/accio-kestrel.1"] = Manual,
        ["deploy/completions/accio-kestrel.bash"] = Bash,
        ["deploy/completions/_accio-kestrel"] = Zsh,
        ["deploy/completions/accio-kestrel.fish"] = Fish,
    };

    private static string Reference()
    {
        var text = File.ReadAllText(Repository.PathOf("docs/REFERENCE.md"));
        var rows = s_options.Select(setting =>
            $"| `{Usage(setting)}` | {(IsOptionAlone(setting) ? "" : $"`{setting.Path}`")} | {setting.Allowed}{(setting.IsRepeatable ? "; repeatable" : "")} | {setting.Default} | {setting.Description} |\n"
                .Replace("text|json", @"text\|json", StringComparison.Ordinal));
        var begin = text.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length;
        return $"{text[..begin]}| option | setting | takes | default | what it does |\n|---|---|---|---|---|\n{string.Concat(rows)}{text[text.IndexOf(End, StringComparison.Ordinal)..]}";
    }

    private static string Manual() => $"""
        .\" {Note}
        .TH ACCIO\-KESTREL 1
        .SH NAME
        accio\-kestrel \- count the bytes of one file per TCP connection
        .SH SYNOPSIS
        .B accio\-kestrel
        .I PORT
        .RI [ options ]
        .SH DESCRIPTION
        Listens on the TCP port
        .IR PORT ,
        from 1 to 65535, and serves one client at a time; the others wait in the kernel's listen backlog.
        Standard output has one line for each client that was served: the size of its file in bytes, or ERROR.
        Everything else is on standard error.
        .SH OPTIONS
        {string.Concat(s_options.Select(setting => $".TP\n.B {Roff(Usage(setting))}\n{Roff(setting.Help)}\n"))}.TP
        .B \-\-help
        Show the options.
        .TP
        .B \-\-version
        Show the version.
        .SH SETTINGS
        Each option but
        .B \-\-config
        and
        .B \-\-check\-config
        is also a setting of the section Accio, in a JSON file and in the environment:
        .B \-\-idle\-timeout 2.5
        is IdleTimeout in the file, and Accio__IdleTimeout=2.5 in the environment.
        The environment wins over the file, and the command line over both.
        .SH EXIT STATUS
        0 when the server was stopped by SIGINT, SIGTERM or SIGQUIT, by SIGHUP with nothing to reload, or by \-\-count; 1 when it could not start, or could not write a result.
        Standard error then has one line that begins with ERROR:.

        """;

    private static string Bash() => $$"""
        # {{Note}}
        _accio_kestrel() {
            local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
            COMPREPLY=()
            case $previous in
                {{OptionsOf(setting => TakesFile(setting))}})
                    compopt -o filenames 2> /dev/null
                    mapfile -t COMPREPLY < <(compgen -f -- "$current")
                    return ;;
        {{string.Concat(s_options.Where(setting => Choices(setting).Length > 0).Select(BashChoices))}}        {{OptionsOf(setting => setting.ValueName is not null && !TakesFile(setting) && Choices(setting).Length == 0)}})
                    return ;;
            esac
            mapfile -t COMPREPLY < <(compgen -W '{{string.Join(' ', s_options.Select(setting => setting.Option))}} --help --version' -- "$current")
        }
        complete -F _accio_kestrel accio-kestrel AccioKestrel

        """;

    private static string OptionsOf(Func<Setting, bool> isWanted) => string.Join(" | ", s_options.Where(isWanted).Select(setting => setting.Option));

    private static string BashChoices(Setting setting) => $"""
                {setting.Option})
                    mapfile -t COMPREPLY < <(compgen -W '{string.Join(' ', Choices(setting))}' -- "$current")
                    return ;;

        """;

    private static string Zsh() => $$"""
        #compdef accio-kestrel AccioKestrel
        # {{Note}}
        _arguments \
        {{string.Concat(s_options.Select(setting => $"  '{(setting.IsRepeatable ? "*" : "")}{setting.Option}{(setting.ValueName is null ? "" : "=")}[{ZshText(setting.Description)}]{ZshValues(setting)}' \\\n"))}}  '(- *)--help[Show the options.]' \
          '(- *)--version[Show the version.]' \
          '1:PORT:'

        """;

    private static string ZshValues(Setting setting) => setting.ValueName is null ? ""
        : $":{ZshText(setting.ValueName)}:{(TakesFile(setting) ? "_files" : Choices(setting) is [_, ..] choices ? $"({string.Join(' ', choices)})" : "")}";

    private static string ZshText(string text) => text.Replace(":", @"\:", StringComparison.Ordinal)
        .Replace("[", @"\[", StringComparison.Ordinal).Replace("]", @"\]", StringComparison.Ordinal).Replace("'", @"'\''", StringComparison.Ordinal);

    private static string Fish() => $"""
        # {Note}
        complete -c AccioKestrel -w accio-kestrel
        complete -c accio-kestrel -f
        {string.Concat(s_options.Select(setting => $"complete -c accio-kestrel -l {setting.Option[2..]}{FishValues(setting)} -d '{setting.Description.Replace("'", @"\'", StringComparison.Ordinal)}'\n"))}complete -c accio-kestrel -l help -d 'Show the options.'
        complete -c accio-kestrel -l version -d 'Show the version.'

        """;

    private static string FishValues(Setting setting) => setting.ValueName is null ? ""
        : TakesFile(setting) ? " -r -F"
        : Choices(setting) is [_, ..] choices ? $" -x -a '{string.Join(' ', choices)}'"
        : " -x";

    private static string Roff(string text) => text.Replace(@"\", @"\e", StringComparison.Ordinal).Replace("-", @"\-", StringComparison.Ordinal);

    private static string Usage(Setting setting) => setting.ValueName is null ? setting.Option : $"{setting.Option} {setting.ValueName}";

    private static bool IsOptionAlone(Setting setting) => Settings.OptionsAlone.Contains(setting);

    private static bool TakesFile(Setting setting) => setting.ValueName is "FILE";

    private static string[] Choices(Setting setting) => setting.ValueName?.Split('|') is { Length: > 1 } choices ? choices : [];
}
