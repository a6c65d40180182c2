using System.Reflection;
using System.Security.Cryptography;
using System.Text;

namespace AccioKestrel.Tests.Packaging;

/// <summary>Makes what users get by the commands of the README, and has a folder for it that is gone at the end.</summary>
internal sealed class Build : IDisposable
{
    /// <summary>Enough for a native binary on a very busy machine.</summary>
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(20);

    /// <summary>Builds in the working tree share the projects' folders.</summary>
    private static readonly string s_turn = $"build in {Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(Repository.PathOf("."))))}";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("accio-packaging-");

    public static string Version { get; } =
        typeof(AccioOptions).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    /// <summary>A path in the folder.</summary>
    public string PathOf(string name) => Path.Combine(_folder.FullName, name);

    /// <summary>
    /// An empty cache of packages. In the user's there may be one of the same version from an earlier build, which would be taken for the
    /// one just made.
    /// </summary>
    private (string Name, string Value) EmptyCache => ("NUGET_PACKAGES", PathOf("cache"));

    /// <summary>Builds in the working tree: runs <c>dotnet</c> at the root to its end, which must have exit code 0.</summary>
    public static Task RunAsync(params string[] arguments) => RunAtTheRootAsync(arguments, []);

    /// <summary>The same with an empty cache of packages.</summary>
    public Task RunWithoutCacheAsync(params string[] arguments) => RunAtTheRootAsync(arguments, [EmptyCache]);

    /// <summary>Runs a command of <c>dotnet tool</c> in the folder, with an empty cache of packages, to its end, which must have exit code 0.</summary>
    /// <returns>What it has printed.</returns>
    public Task<string> RunToolAsync(params string[] arguments) => RunAsync("exec dotnet tool \"$@\"", _folder.FullName, arguments, [EmptyCache]);

    /// <summary>Runs a shell script in the folder to its end, which must have exit code 0.</summary>
    public Task<string> RunShellAsync(string script) => RunAsync($"set -e\n{script}", _folder.FullName, [], []);

    public void Dispose() => _folder.Delete(recursive: true);

    private static async Task RunAtTheRootAsync(string[] arguments, (string Name, string Value)[] environment)
    {
        using var turn = await Reservation.WaitAsync(s_turn);
        // The analyzers have run in the build of the tests.
        await RunAsync("exec dotnet \"$@\"", Repository.PathOf("."), arguments, [.. environment, ("RunAnalyzers", "false")]);
    }

    private static async Task<string> RunAsync(string script, string folder, string[] arguments, (string Name, string Value)[] environment)
    {
        await using var dotnet = new ChildProcess(
            "/bin/bash",
            ["-c", $"exec 2>&1; cd \"$0\"; {script}", folder, .. arguments],
            // No node of MSBuild that lives on, and holds the output open. The compiler's server does not, and saves half of the time.
            [.. environment, ("MSBUILDDISABLENODEREUSE", "1"), ("UseSharedCompilation", "true")]);
        await dotnet.Output.Ended.WaitAsync(s_limit, TestContext.Current.CancellationToken);
        var code = await dotnet.ExitAsync();
        Assert.True(code == 0, $"Exit code {code}: {script} {string.Join(' ', arguments)}\n{dotnet.Output}");
        return dotnet.Output.ToString();
    }
}
