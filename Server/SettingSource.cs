using Microsoft.Extensions.Configuration;

namespace AccioKestrel.Server;

/// <summary>A source of settings: the JSON file, or the environment.</summary>
/// <param name="Label">What messages put in front of a setting's name.</param>
/// <param name="Separator">The separator between the parts of a name.</param>
/// <param name="Configuration">Its settings.</param>
/// <param name="Sections">The paths that must be sections in it, not values.</param>
/// <param name="File">The name of the file, or null for the environment.</param>
internal sealed record SettingSource(string Label, string Separator, IConfiguration Configuration, IReadOnlyList<string> Sections, string? File)
{
    /// <summary>Whether other programs have settings there too: a variable Backlog may belong to one of them.</summary>
    public bool IsShared => File is null;

    public string Spell(string path) => path.Replace(":", Separator, StringComparison.Ordinal);

    public string NameOf(string path) => $"{Label}{Spell(path)}";
}
