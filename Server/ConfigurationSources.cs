using AccioKestrel.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace AccioKestrel.Server;

/// <summary>The sources of the program's settings. The last source that has a setting wins.</summary>
internal static class ConfigurationSources
{
    private const string Logging = "Logging";
    private const string Levels = "LogLevel";
    private static readonly string[] s_ours = [$"{AccioOptions.Section}:", $"{Logging}:", Telemetry.Prefix];
    private static readonly string[] s_levels = Enum.GetNames<LogLevel>();

    /// <summary>
    /// Adds the program's own settings from all sources, and nothing else of the environment and the file. The framework would apply
    /// settings such as <c>URLS</c> and <c>PREFERHOSTINGURLS</c>, which are meant for web applications.
    /// </summary>
    /// <returns>Where the settings come from, and warnings about names that are probably misspelt.</returns>
    /// <exception cref="StartException">A setting is unknown, or its value is not allowed; a file cannot be read, or is not JSON.</exception>
    public static SettingSources AddSettings(this ConfigurationManager configuration, ServerArguments arguments)
    {
        var sources = new List<SettingSource>();
        if (SettingsFile.Load(arguments.ConfigFile) is { } file)
        {
            var name = arguments.ConfigFile ?? SettingsFile.Default;
            sources.Add(new SettingSource($"{name}: ", ":", file, [AccioOptions.Section, Logging], name));
        }

        // A variable with the name Logging may belong to another program, so only Accio must be a section.
        sources.Add(new SettingSource("The environment variable ", "__", new ConfigurationBuilder().AddEnvironmentVariables().Build(), [AccioOptions.Section], File: null));
        foreach (var source in sources)
        {
            if (source.Sections.FirstOrDefault(section => source.Configuration[section] is not null) is { } section)
            {
                throw new StartException($"{source.NameOf(section)} {AccioSection.NotASection(source.Configuration[section])}");
            }

            if (Settings.All.FirstOrDefault(setting => setting.IsRepeatable && IsGivenTwice(source.Configuration.GetSection(setting.Path))) is { } twice)
            {
                throw new StartException(twice.RejectKind(source.NameOf(twice.Path), $"both '{source.Configuration[twice.Path]}' and an array"));
            }

            configuration.AddInMemoryCollection(Values(source.Configuration));
        }

        configuration.AddInMemoryCollection(arguments.Settings);
        CheckSettings(configuration.GetSection(AccioOptions.Section), sources);
        CheckLevels(configuration.GetSection(Logging), sources);
        var byLetters = Settings.All.ToDictionary(setting => Spelling.Letters(setting.Path), StringComparer.Ordinal);
        return new SettingSources(arguments, sources)
        {
            Doubts = [.. sources.SelectMany(source => source.Configuration.GetChildren().Select(top => Doubt(source, top, byLetters))).OfType<string>()],
        };
    }

    private static bool IsGivenTwice(IConfigurationSection section) => section.Value is not null && AccioSection.List(section) is not null;

    /// <summary>The program's own settings. Each list becomes one value, so that a source replaces the whole list of the source before.</summary>
    private static IEnumerable<KeyValuePair<string, string?>> Values(IConfiguration source)
    {
        var lists = Settings.All.Where(setting => setting.IsRepeatable).Select(setting => (setting.Path, Value: AccioSection.List(source.GetSection(setting.Path))))
            .Where(list => list.Value is not null).ToDictionary(list => list.Path, list => list.Value, StringComparer.OrdinalIgnoreCase);
        return source.AsEnumerable()
            .Where(pair => pair.Value is not null && s_ours.Any(ours => pair.Key.StartsWith(ours, StringComparison.OrdinalIgnoreCase)))
            .Where(pair => !lists.ContainsKey(pair.Key[..Math.Max(0, pair.Key.LastIndexOf(':'))]))
            .Concat(lists);
    }

    private static void CheckSettings(IConfigurationSection section, IReadOnlyList<SettingSource> sources)
    {
        foreach (var given in section.GetChildren())
        {
            var setting = Settings.All.FirstOrDefault(setting => setting.Key.Equals(given.Key, StringComparison.OrdinalIgnoreCase));
            if (setting is null || given.Value is null || !setting.IsAllowed(given.Value))
            {
                var source = SourceOf(given.Path, sources);
                throw new StartException(setting is null ? Unknown(given, source)
                    : given.Value is { } value ? setting.Reject(source.NameOf(given.Path), value)
                    : setting.RejectKind(source.NameOf(given.Path), "a section"));
            }
        }
    }

    private static string Unknown(IConfigurationSection given, SettingSource source) =>
        Spelling.Nearest(given.Key, Settings.All.Select(setting => setting.Key)) is { } nearest
            ? $"{source.NameOf(given.Path)} is not a setting; did you mean {source.Spell($"{AccioOptions.Section}:{nearest}")}?"
            : $"{source.NameOf(given.Path)} is not a setting. Those of {AccioOptions.Section} are {string.Join(", ", Settings.All.Select(known => known.Key))}.";

    /// <summary>Checks the log levels. The framework, which reads them, throws for some wrong values and ignores others.</summary>
    private static void CheckLevels(IConfigurationSection logging, IReadOnlyList<SettingSource> sources)
    {
        foreach (var levels in logging.GetChildren().Select(child => child.Key.Equals(Levels, StringComparison.OrdinalIgnoreCase) ? child : child.GetSection(Levels)))
        {
            foreach (var (path, level) in levels.AsEnumerable().Where(pair => pair.Value is not null))
            {
                var problem = path.Length == levels.Path.Length ? AccioSection.NotASection(level)
                    : !s_levels.Contains(level, StringComparer.OrdinalIgnoreCase) ? $"takes {string.Join(", ", s_levels)}, not '{level}'."
                    : path[levels.Path.Length..].Count(c => c is '*') > 1 ? "is not a category; at most one * may stand for any text."
                    : null;
                if (problem is not null)
                {
                    throw new StartException($"{SourceOf(path, sources).NameOf(path)} {problem}");
                }
            }
        }
    }

    /// <summary>The last source that has the setting, whose value wins.</summary>
    private static SettingSource SourceOf(string path, IReadOnlyList<SettingSource> sources) => sources.Last(source => source.Configuration.GetSection(path).Exists());

    /// <returns>A warning about a name that was probably meant as one of the section, or null.</returns>
    private static string? Doubt(SettingSource source, IConfigurationSection top, Dictionary<string, Setting> byLetters) =>
        top.Key.Equals(AccioOptions.Section, StringComparison.OrdinalIgnoreCase) ? null
        : Meant(source, top, byLetters) is { } meant
            ? $"{source.NameOf(top.Key)} has no effect; did you mean {source.Spell(meant.Path)}?"
        : top.Value is not null ? null
        : Spelling.IsNear(top.Key, AccioOptions.Section) || Spelling.IsNear(top.Key, nameof(AccioKestrel))
            ? $"The section {top.Key} has no effect; did you mean {AccioOptions.Section}?" : null;

    /// <returns>The setting whose name a name outside of the section is, with the section's name or without it. Null if there is none.</returns>
    private static Setting? Meant(SettingSource source, IConfigurationSection top, Dictionary<string, Setting> byLetters) =>
        top.Value is not null && byLetters.TryGetValue(Spelling.Letters(top.Key), out var setting) ? setting
        : source.IsShared ? null
        : Settings.All.FirstOrDefault(setting => setting.Key.Equals(top.Key, StringComparison.OrdinalIgnoreCase));
}
