using System.Reflection;

namespace AccioKestrel.Server;

/// <summary>The program's name and version, in help, errors and metrics.</summary>
internal static class Product
{
    /// <summary>The name of the command, the .NET tool, the container image, and the service in metrics.</summary>
    public const string Name = "accio-kestrel";

    private static readonly string[] s_version =
        (typeof(Product).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0").Split('+', 2);

    public static string Version => s_version[0];

    /// <summary>The version, and the commit if the build knew it.</summary>
    public static string FullVersion => s_version is [_, { Length: >= 7 } commit] ? $"{Version} ({commit[..7]})" : Version;
}
