using Microsoft.Extensions.Configuration;

namespace AccioKestrel.Server;

/// <summary>The sources of the settings that hold.</summary>
/// <param name="arguments">The command line, which wins over the others.</param>
/// <param name="sources">The other sources. A later one wins over an earlier one.</param>
internal sealed class SettingSources(ServerArguments arguments, IReadOnlyList<SettingSource> sources)
{
    /// <summary>Warnings about names that are probably misspelt. They do not prevent the start.</summary>
    public required IReadOnlyList<string> Doubts { get; init; }

    /// <summary>The file from which settings were read, or null.</summary>
    public string? File => sources.Select(source => source.File).FirstOrDefault(file => file is not null);

    /// <summary>The source of the value that holds, in words. Null if no source has the setting, so that its default holds.</summary>
    public string? Of(string path) =>
        arguments.Settings.ContainsKey(path) ? "command line"
        : sources.LastOrDefault(source => source.Configuration.GetSection(path).Exists()) is not { } source ? null
        : source.File is { } file ? $"file {Path.GetFullPath(file)}"
        : $"environment variable {source.Spell(AsGiven(source, path))}";

    /// <summary>The name as it was given: names do not depend on upper and lower case. That of a list is that of its first element.</summary>
    private static string AsGiven(SettingSource source, string path) => source.Configuration.AsEnumerable()
        .Where(pair => pair.Value is not null && (pair.Key.Equals(path, StringComparison.OrdinalIgnoreCase)
            || pair.Key.StartsWith($"{path}:", StringComparison.OrdinalIgnoreCase)))
        .Select(pair => pair.Key).Min(StringComparer.Ordinal) ?? path;
}
