using Microsoft.Extensions.Configuration;

namespace AccioKestrel;

/// <summary>Where the program's settings come from; the last one that has a setting wins.</summary>
internal static class ConfigurationSources
{
    /// <exception cref="InvalidDataException">A setting is unknown, or its value is not allowed; a file is not JSON.</exception>
    /// <exception cref="FileNotFoundException">The file that the command line names is not there.</exception>
    public static void AddSettings(this ConfigurationManager configuration, ServerArguments arguments)
    {
        if (arguments.ConfigFile is { } file)
        {
            // Whole, for the framework would look for a relative one beside the program.
            configuration.AddJsonFile(Path.GetFullPath(file), optional: false);
        }
        else
        {
            configuration.AddJsonFile("appsettings.json", optional: true);
        }

        configuration.AddEnvironmentVariables().AddInMemoryCollection(arguments.Settings);
        Settings.Check(configuration);
    }
}
