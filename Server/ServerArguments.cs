namespace AccioKestrel.Server;

/// <summary>The parsed command line of the server.</summary>
/// <param name="Port">The port to serve Accio on.</param>
/// <param name="ConfigFile">The file to read settings from instead of <c>appsettings.json</c>, or null.</param>
/// <param name="IsCheck">Whether to check the configuration and end, instead of serving.</param>
/// <param name="Settings">Settings that override all other sources, by their paths in the configuration.</param>
internal sealed record ServerArguments(int Port, string? ConfigFile, bool IsCheck, IReadOnlyDictionary<string, string?> Settings);
