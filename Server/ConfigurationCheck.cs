using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace AccioKestrel.Server;

/// <summary>
/// Shows on standard output what would hold after a start, and where each value comes from. The application was built, so settings,
/// certificates and the files that they name have been checked as at a start. It is not started, so nothing listens.
/// </summary>
internal static class ConfigurationCheck
{
    private const string ByDefault = "default";

    /// <summary>The widest column. A longer value, such as a list of networks, moves the rest of its own row alone.</summary>
    private const int Widest = 40;

    /// <exception cref="OptionsValidationException">A setting is not allowed.</exception>
    public static void Run(WebApplication app, ServerArguments arguments)
    {
        app.Services.GetService<IStartupValidator>()?.Validate();
        Console.Out.Write(Table([.. Rows(arguments, app.Configuration, app.Services.GetRequiredService<SettingSources>())]));
        app.Services.GetRequiredService<StartAnnouncement>().Warn();
    }

    private static IEnumerable<(string Name, string Value, string Source)> Rows(ServerArguments arguments, IConfiguration configuration, SettingSources sources)
    {
        yield return ("PORT", arguments.Port.ToString(CultureInfo.InvariantCulture), "command line");
        foreach (var setting in Settings.All)
        {
            yield return (setting.Option, configuration[setting.Path] ?? setting.Default, sources.Of(setting.Path) ?? ByDefault);
        }

        yield return (Settings.ConfigFile.Option, sources.File is { } file ? Path.GetFullPath(file) : "none", arguments.ConfigFile is null ? ByDefault : "command line");

        // Log levels and the variables of OpenTelemetry: a table of all that could be given has no end, so only the given ones.
        foreach (var (path, value) in configuration.AsEnumerable().OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            if (value is not null && !path.StartsWith($"{AccioOptions.Section}:", StringComparison.OrdinalIgnoreCase) && sources.Of(path) is { } source)
            {
                yield return (path, Telemetry.IsSecret(path, value) ? "(not shown)" : value, source);
            }
        }
    }

    private static string Table(IReadOnlyList<(string Name, string Value, string Source)> rows)
    {
        var shown = rows.Select(row => (Name: OneLine.Of(row.Name), Value: OneLine.Of(row.Value), Source: OneLine.Of(row.Source))).ToList();
        var names = Math.Min(shown.Max(row => row.Name.Length), Widest);
        var values = Math.Min(shown.Max(row => row.Value.Length), Widest);
        return string.Concat(shown.Select(row => $"{row.Name.PadRight(names)}  {row.Value.PadRight(values)}  {row.Source}\n"));
    }
}
