using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Xml.Linq;

namespace AccioKestrel.Tests.Packaging;

/// <summary>The packages that <c>dotnet pack</c> makes.</summary>
public sealed class PackageTests(PackageTests.Packages packages) : IClassFixture<PackageTests.Packages>, IDisposable
{
    private readonly Build _build = new();

    public void Dispose() => _build.Dispose();

    public static TheoryData<string, string[]> Made => new()
    {
        { "AccioKestrel", [] },
        { "AccioKestrel.AspNetCore", [] },
        { "AccioKestrel.AspNetCore.Status", [$"AccioKestrel.AspNetCore [{Build.Version}]"] },
        { "AccioKestrel.Check", [] },
    };

    [Fact]
    public async Task Pack_AtTheRoot_GivesTheToolsAndTheLibrariesAlone()
    {
        var folder = await packages.FolderAsync();
        var expected = Made.Select(row => $"{row.Data.Item1}.{Build.Version}.nupkg").Concat(
            Made.Where(row => IsLibrary(row.Data.Item1)).Select(row => $"{row.Data.Item1}.{Build.Version}.snupkg"));
        Assert.Equal(expected.Order(StringComparer.Ordinal), Directory.GetFiles(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Made))]
    public async Task Package_SaysWhatItIs_AndAsksForNoMoreThanItMust(string id, string[] dependencies)
    {
        var folder = await packages.FolderAsync();
        using var package = ZipFile.OpenRead(Path.Combine(folder, $"{id}.{Build.Version}.nupkg"));
        using var stream = package.Entries.Single(entry => entry.Name.EndsWith(".nuspec", StringComparison.Ordinal)).Open();
        var metadata = XDocument.Load(stream).Root!.Elements().Single().Elements().ToLookup(element => element.Name.LocalName);
        Assert.Equal(Build.Version, metadata["version"].Single().Value);
        Assert.Equal("MIT", metadata["license"].Single().Value);
        Assert.NotEmpty(metadata["description"].Single().Value);
        Assert.NotEmpty((string?)metadata["repository"].Single().Attribute("commit") ?? "");
        Assert.NotNull(package.GetEntry(metadata["readme"].Single().Value));
        // The libraries ask for the shared framework, and for their own version of each other; a tool has all with it.
        Assert.Equal(dependencies, metadata["dependencies"].Descendants().Where(element => element.Name.LocalName is "dependency")
            .Select(element => $"{(string?)element.Attribute("id")} {(string?)element.Attribute("version")}"));
        if (IsLibrary(id))
        {
            Assert.NotNull(package.GetEntry(metadata["icon"].Single().Value));
            Assert.Equal("Microsoft.AspNetCore.App", (string?)metadata["frameworkReferences"].Descendants().Last().Attribute("name"));
            Assert.NotNull(package.GetEntry($"lib/net10.0/{id}.xml"));
            using var symbols = ZipFile.OpenRead(Path.Combine(folder, $"{id}.{Build.Version}.snupkg"));
            Assert.NotNull(symbols.GetEntry($"lib/net10.0/{id}.pdb"));
        }
    }

    [Fact]
    public async Task Tool_Installed_Serves()
    {
        var folder = _build.PathOf("tool");
        await _build.RunToolAsync("install", "AccioKestrel", "--tool-path", folder, "--source", await packages.FolderAsync());
        var tool = Path.Combine(folder, "accio-kestrel");
        Assert.StartsWith($"accio-kestrel {Build.Version}", await ChildProcess.RunShellAsync("\"$0\" --version", tool), StringComparison.Ordinal);

        await using var server = await AccioServer.StartAsync(shell: $"exec '{tool}' \"$@\"");
        await server.TransferAsync(123_456);
        await server.StopAsync(123_456);
    }

    [Fact]
    public async Task Tool_RunWithoutInstalling_IsTheSame()
    {
        var version = await _build.RunToolAsync("exec", "AccioKestrel", "--yes", "--source", await packages.FolderAsync(), "--", "--version");
        Assert.Contains(Build.Version, version, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Readme_FollowedInAFreshHost_ServesHttpAndAccio()
    {
        var (host, program) = await packages.HostAsync();
        await ExpectBothAsync(program, host.Port, "/healthz", "Healthy");
    }

    [Fact]
    public async Task Readme_OfTheStatusPageFollowedInAFreshHost_ServesThePageToo()
    {
        using var host = await FreshHost.CreateAsync(await packages.FolderAsync(), "package/Status/README.md");
        await ExpectBothAsync(await host.MakeAsync("build"), host.Port, "/accio/", "<!doctype html>");
    }

    [Fact]
    public async Task Readme_FollowedInAFreshHostWithNoAddressAtAll_ServesHttpWhereItWould()
    {
        // Port 5000 of a network of its own: another test, or another program, may have this machine's.
        Needs.Capability(Capability.AdministerSystem);
        Needs.Installed("unshare", "ip", "curl", "nc");
        var (host, program) = await packages.HostAsync();
        await using var run = new ChildProcess("/bin/bash", ["-c", """
            exec unshare --net bash -c '
                ip link set lo up; "$0" &
                until curl --silent --fail http://localhost:5000/healthz >&2; do kill -0 $! || exit; sleep 0.1; done
                curl --silent http://localhost:5000/ >&2
                printf "confirm-accio\r\nconfirm-accio-again\r\n\r\nhello" | nc -N 127.0.0.1 "$1" >&2
                kill -TERM $!; wait $!' "$0" "$1"
            """, program, AccioServer.Number(host.Port)]);
        Assert.Equal(0, await run.ExitAsync());
        Assert.Contains("Hello World!", run.Errors.ToString(), StringComparison.Ordinal);
        Assert.Contains(": 5 bytes in ", run.Output.ToString(), StringComparison.Ordinal);
        Assert.Contains("Now listening on: http://localhost:5000", run.Output.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("http://0.0.0.0", run.Output.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("warn:", run.Output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Readme_FollowedInAFreshHost_CanBeCompiledAheadOfTime()
    {
        Assert.SkipUnless(RuntimeInformation.RuntimeIdentifier.EndsWith("linux-x64", StringComparison.Ordinal), "The native compiler is tried on linux-x64.");
        Needs.Installed("gcc", "/usr/include/zlib.h");
        Assert.SkipUnless(
            Directory.Exists(Path.Combine(FreshHost.UserCache, "runtime.linux-x64.microsoft.dotnet.ilcompiler")),
            "The native compiler is not in the cache of packages: dotnet publish AccioKestrel.csproj -p:PublishProfile=native brings it.");
        using var host = await FreshHost.CreateAsync(await packages.FolderAsync(), "package/Status/README.md");
        await ExpectBothAsync(await host.MakeAsync("publish -r linux-x64 -p:PublishAot=true"), host.Port, "/accio/", "<!doctype html>");
    }

    [Fact]
    public async Task Sample_ServesHttpAndAccio()
    {
        var folder = _build.PathOf("sample");
        // The source that the sample's own configuration names; it may be empty, but must be there.
        Directory.CreateDirectory(Repository.PathOf("out/packages"));
        await _build.RunWithoutCacheAsync("build", "samples/HttpAndAccio", "-o", folder, $"-p:RestoreAdditionalProjectSources={await packages.FolderAsync()}");

        var port = AccioServer.FreePort();
        await using var server = await AccioServer.StartAsync(shell: $"exec '{folder}/HttpAndAccio' --AccioPort \"$1\" --urls http://127.0.0.1:{port}");
        using var client = await server.ConnectServedAsync();
        using var http = new StatusClient(port);
        // In the middle of an exchange.
        Assert.Equal("Hello by HTTP.\n", await http.TextAsync("/"));
        Assert.Equal("Healthy", await http.TextAsync("/healthz"));
        Assert.Contains("\"step\":\"firstConfirmation\"", await http.TextAsync("/accio/api/status"), StringComparison.Ordinal);
        await client.SendFirstConfirmationAsync();
        await client.ExpectCommandAsync();
        await client.SendSecondConfirmationAsync();
        await client.SendAsync(Accio.FileOf(123_456));
        client.HalfClose();
        await server.ExpectLinesAsync(123_456);
        await server.StopAsync(123_456);
    }

    private static bool IsLibrary(string id) => id.StartsWith("AccioKestrel.AspNetCore", StringComparison.Ordinal);

    /// <summary>Starts a host that has been made by the README, and uses both.</summary>
    private static async Task ExpectBothAsync(string program, int port, string path, string start)
    {
        var http = AccioServer.FreePort();
        await using var process = new ChildProcess(program, ["--urls", $"http://localhost:{http}"]);
        await process.Output.WaitUntilAsync(text => text.Contains("Application started.", StringComparison.Ordinal));
        using var browser = new HttpClient { BaseAddress = new Uri($"http://localhost:{http}"), Timeout = Patience.Limit };
        Assert.Equal("Hello World!", await browser.GetStringAsync(new Uri("/", UriKind.Relative), TestContext.Current.CancellationToken));
        Assert.StartsWith(start, await browser.GetStringAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        using (var client = await AccioClient.ConnectAsync(port))
        {
            await client.TransferAsync(123_456);
        }

        Signal.Terminate.SendTo(process.Id);
        Assert.Equal(0, await process.ExitAsync());
        Assert.Contains(": 123456 bytes in ", process.Output.ToString(), StringComparison.Ordinal);
        Assert.Contains($"Now listening on: http://localhost:{http}\n", process.Output.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("http://0.0.0.0", process.Output.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("warn:", process.Output.ToString(), StringComparison.Ordinal);
    }

    /// <summary>Made once, by the first test that needs them, in a folder that no other test run writes to.</summary>
    /// <remarks>Not when the class begins: its tests would then line up behind all others of the run.</remarks>
    public sealed class Packages : IDisposable
    {
        private readonly Build _build = new();
        private readonly Lazy<Task> _making;
        private readonly Lazy<Task<(FreshHost Host, string Program)>> _host;

        public Packages()
        {
            _making = new(() => Build.RunAsync("pack", $"-p:PackageOutputPath={Folder}"));
            _host = new(MakeHostAsync);
        }

        private string Folder => _build.PathOf("packages");

        public async Task<string> FolderAsync()
        {
            await _making.Value;
            return Folder;
        }

        /// <summary>A host by the README of <c>AccioKestrel.AspNetCore</c>, built.</summary>
        internal Task<(FreshHost Host, string Program)> HostAsync() => _host.Value;

        public void Dispose()
        {
            if (_host is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
            {
                _host.Value.Result.Host.Dispose();
            }

            _build.Dispose();
        }

        private async Task<(FreshHost Host, string Program)> MakeHostAsync()
        {
            var host = await FreshHost.CreateAsync(await FolderAsync(), "package/AspNetCore/README.md");
            return (host, await host.MakeAsync("build"));
        }
    }
}
