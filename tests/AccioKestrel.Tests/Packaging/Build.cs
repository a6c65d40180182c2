using System.Reflection;
using AccioKestrel.Tests.EndToEnd;

namespace AccioKestrel.Tests.Packaging;

/// <summary>Makes what users get by the commands of the README, and has a folder for it that is gone at the end.</summary>
internal sealed class Build : IDisposable
{
    /// <summary>Enough for a native binary on a busy machine.</summary>
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(6);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("accio-packaging-");

    public static string Version { get; } =
        typeof(AccioOptions).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    /// <summary>A path in the folder.</summary>
    public string PathOf(string name) => Path.Combine(_folder.FullName, name);

    /// <summary>Runs <c>dotnet</c> at the root to its end, which must be in good order.</summary>
    /// <returns>What it has printed.</returns>
    public static Task<string> RunAsync(params string[] arguments) => RunAsync(arguments, []);

    /// <summary>
    /// The same with an empty cache of packages. In the user's there may be one of the same version from an earlier build,
    /// which would be taken for the one just made.
    /// </summary>
    public Task<string> RunWithoutCacheAsync(params string[] arguments) => RunAsync(arguments, [("NUGET_PACKAGES", PathOf("cache"))]);

    public void Dispose() => _folder.Delete(recursive: true);

    private static async Task<string> RunAsync(string[] arguments, (string Name, string Value)[] environment)
    {
        await using var dotnet = new ChildProcess(
            "/bin/bash",
            ["-c", "cd \"$0\" && exec dotnet \"$@\" 2>&1", Repository.PathOf("."), .. arguments],
            // No server that lives on, and holds the output open.
            [.. environment, ("MSBUILDDISABLENODEREUSE", "1"), ("UseSharedCompilation", "false")]);
        await dotnet.Output.Ended.WaitAsync(s_limit, TestContext.Current.CancellationToken);
        var code = await dotnet.ExitAsync();
        Assert.True(code == 0, $"Exit code {code}: dotnet {string.Join(' ', arguments)}\n{dotnet.Output}");
        return dotnet.Output.ToString();
    }
}
