namespace AccioKestrel;

/// <summary>What the command line asks of the server.</summary>
/// <param name="Port">The port to serve Accio on.</param>
/// <param name="ConfigFile">The file to read settings from instead of <c>appsettings.json</c>, or null.</param>
/// <param name="Settings">Settings that win over all others, by their paths in the configuration.</param>
internal sealed record ServerArguments(int Port, string? ConfigFile, IReadOnlyList<KeyValuePair<string, string?>> Settings);
