using System.Text.RegularExpressions;

namespace AccioKestrel.Tests.Packaging;

/// <summary>A fresh <c>dotnet new web</c> app that follows the README of a package, with no other source of packages than the packed ones.</summary>
internal sealed partial class FreshHost : IDisposable
{
    private const string PortOfTheReadme = "4000";

    private readonly Build _build = new();

    /// <summary>Where Accio is served.</summary>
    public int Port { get; } = AccioServer.FreePort();

    /// <summary>The folder of NuGet's user-wide cache, for what the native compiler needs.</summary>
    public static string UserCache { get; } = Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } folder
        ? folder
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget/packages");

    private string Folder => _build.PathOf("AccioHost");

    /// <param name="packages">The folder of the packed packages.</param>
    /// <param name="readme">The README in the working tree.</param>
    public static async Task<FreshHost> CreateAsync(string packages, string readme)
    {
        var host = new FreshHost();
        try
        {
            var text = await File.ReadAllTextAsync(Repository.PathOf(readme), TestContext.Current.CancellationToken);
            var blocks = Blocks().Matches(text).ToLookup(match => match.Groups["language"].Value, match => match.Groups["body"].Value);
            await File.WriteAllTextAsync(host._build.PathOf("nuget.config"), $"""
                <configuration>
                  <packageSources><clear /><add key="packed" value="{packages}" /></packageSources>
                  <fallbackPackageFolders><clear /><add key="user" value="{UserCache}" /></fallbackPackageFolders>
                  <config><add key="globalPackagesFolder" value="{host._build.PathOf("cache")}" /></config>
                </configuration>
                """, TestContext.Current.CancellationToken);
            await host._build.RunShellAsync(blocks["sh"].First());
            await File.WriteAllTextAsync(
                Path.Combine(host.Folder, "Program.cs"),
                blocks["csharp"].Single().Replace(PortOfTheReadme, AccioServer.Number(host.Port), StringComparison.Ordinal),
                TestContext.Current.CancellationToken);
            return host;
        }
        catch
        {
            host.Dispose();
            throw;
        }
    }

    /// <summary>Builds or publishes it. A warning is an error.</summary>
    /// <returns>The program.</returns>
    public async Task<string> MakeAsync(string command)
    {
        await _build.RunShellAsync($"cd AccioHost && dotnet {command} -warnaserror -o ../made");
        return _build.PathOf("made/AccioHost");
    }

    public void Dispose() => _build.Dispose();

    [GeneratedRegex("^```(?<language>sh|csharp)\n(?<body>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Blocks();
}
