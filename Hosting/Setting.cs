namespace AccioKestrel;

/// <summary>Something that the program can be told, on its command line, by its environment or in a file.</summary>
/// <param name="Key">Its name in the configuration section <c>Accio</c>.</param>
/// <param name="Option">Its name on the command line.</param>
/// <param name="ValueName">What the help calls its value; null for a switch.</param>
/// <param name="Description">What the help says of it.</param>
/// <param name="Allowed">Which values it takes, to follow "takes".</param>
/// <param name="IsAllowed">Whether it takes this one.</param>
/// <param name="IsRepeatable">Whether its option may be given more than once: then its value is a list with commas.</param>
internal sealed record Setting(
    string Key, string Option, string? ValueName, string Description, string Allowed, Func<string, bool> IsAllowed, bool IsRepeatable = false)
{
    /// <summary>Its whole name in the configuration.</summary>
    public string Path { get; } = $"{AccioOptions.Section}:{Key}";

    /// <summary>What is wrong with a value.</summary>
    /// <param name="name">How the user has named the setting.</param>
    /// <param name="value">What it was given.</param>
    public string Reject(string name, string value) => $"{name} takes {Allowed}, not '{value}'.";
}
