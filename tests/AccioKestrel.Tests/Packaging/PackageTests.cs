using System.IO.Compression;
using System.Xml.Linq;
using AccioKestrel.Tests.EndToEnd;

namespace AccioKestrel.Tests.Packaging;

/// <summary>The packages that <c>dotnet pack</c> makes, from the folder where it puts them.</summary>
[Collection(nameof(OneAfterAnother))]
public sealed class PackageTests(PackageTests.Packages packages) : IClassFixture<PackageTests.Packages>, IDisposable
{
    private readonly Build _build = new();

    public void Dispose() => _build.Dispose();

    [Fact]
    public void Pack_AtTheRoot_GivesTheToolAndTheLibraryAlone()
    {
        string[] expected = [$"AccioKestrel.{Build.Version}.nupkg", $"AccioKestrel.AspNetCore.{Build.Version}.nupkg"];
        Assert.Equal(expected, Directory.GetFiles(packages.Folder).Select(Path.GetFileName).Order());
        foreach (var file in expected)
        {
            using var package = ZipFile.OpenRead(Path.Combine(packages.Folder, file));
            using var stream = package.Entries.Single(entry => entry.Name.EndsWith(".nuspec", StringComparison.Ordinal)).Open();
            var metadata = XDocument.Load(stream).Root!.Elements().Single().Elements().ToLookup(element => element.Name.LocalName);
            Assert.Equal(Build.Version, metadata["version"].Single().Value);
            Assert.Equal("MIT", metadata["license"].Single().Value);
            Assert.NotEmpty(metadata["description"].Single().Value);
            Assert.NotNull(package.GetEntry(metadata["readme"].Single().Value));
            // The library asks for the shared framework and nothing else; a tool has all with it.
            Assert.DoesNotContain(metadata["dependencies"].Descendants(), element => element.Name.LocalName is "dependency");
        }
    }

    [Fact]
    public async Task Tool_Installed_Serves()
    {
        var folder = _build.PathOf("tool");
        await _build.RunWithoutCacheAsync("tool", "install", "AccioKestrel", "--tool-path", folder, "--source", packages.Folder);
        var tool = Path.Combine(folder, "accio-kestrel");
        Assert.StartsWith(Build.Version, await ChildProcess.RunShellAsync("\"$0\" --version", tool), StringComparison.Ordinal);

        await using var server = await AccioServer.StartAsync(shell: $"exec '{tool}' \"$@\"");
        await server.TransferAsync(123_456);
        await server.StopAsync(123_456);
    }

    [Fact]
    public async Task Tool_RunWithoutInstalling_IsTheSame()
    {
        var version = await _build.RunWithoutCacheAsync("tool", "exec", "AccioKestrel", "--yes", "--source", packages.Folder, "--", "--version");
        Assert.Contains(Build.Version, version, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Library_InTheSampleHost_ServesHttpAndAccio()
    {
        var folder = _build.PathOf("sample");
        await _build.RunWithoutCacheAsync("build", "samples/HttpAndAccio", "-o", folder);

        var port = AccioServer.FreePort();
        await using var server = await AccioServer.StartAsync(shell: $"exec '{folder}/HttpAndAccio' --AccioPort \"$1\" --HttpPort {port}");
        using var client = await server.ConnectServedAsync();
        using var http = new StatusClient(port);
        // In the middle of an exchange.
        Assert.Equal("Hello by HTTP.\n", await http.TextAsync("/"));
        await client.SendFirstConfirmationAsync();
        await client.ExpectCommandAsync();
        await client.SendSecondConfirmationAsync();
        await client.SendAsync(Accio.FileOf(123_456));
        client.HalfClose();
        await server.ExpectLinesAsync(123_456);
        await server.StopAsync(123_456);
    }

    /// <summary>Made once for all tests, anew.</summary>
    public sealed class Packages : IAsyncLifetime
    {
        public string Folder { get; } = Repository.PathOf("out/packages");

        public async ValueTask InitializeAsync()
        {
            if (Directory.Exists(Folder))
            {
                Directory.Delete(Folder, recursive: true);
            }

            await Build.RunAsync("pack");
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
