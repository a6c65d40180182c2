using System.Runtime.InteropServices;
using System.Text.Json.Nodes;

namespace AccioKestrel.Tests.Packaging;

/// <summary>The container image that the SDK makes.</summary>
public sealed class ContainerTests : IDisposable
{
    private readonly Build _build = new();

    public void Dispose() => _build.Dispose();

    [Fact]
    public async Task Image_OnAReadOnlyFileSystemAsItsUser_Serves()
    {
        Assert.SkipUnless(RuntimeInformation.RuntimeIdentifier.EndsWith("linux-x64", StringComparison.Ordinal), "The image is for linux-x64.");
        // The test is its own container engine, and a native binary needs a linker.
        Needs.Capability(Capability.AdministerSystem);
        Needs.Installed("unshare", "gcc", "/usr/include/zlib.h");
        var image = _build.PathOf("image");
        await using (var baseImage = await BaseImage.StartAsync(_build.PathOf("base")))
        {
            await Build.RunAsync(
                "publish", "AccioKestrel.csproj", "-p:PublishProfile=container", "-t:PublishContainer",
                $"-p:ContainerBaseImage={baseImage.Name}", $"-p:ContainerArchiveOutputPath={image}.tar.gz");
        }

        await ChildProcess.RunShellAsync("mkdir \"$0\" && tar -xf \"$0.tar.gz\" -C \"$0\"", image);
        var manifest = (await ReadAsync(image, "manifest.json"))[0]!;
        Assert.Equal([$"accio-kestrel:{Build.Version}"], Texts(manifest["RepoTags"]));
        var config = (await ReadAsync(image, (string)manifest["Config"]!))["config"]!;
        Assert.Equal("1654", (string?)config["User"]);
        Assert.Equal(["5000/tcp", "8080/tcp"], config["ExposedPorts"]!.AsObject().Select(port => port.Key));
        Assert.Equal(["/app/AccioKestrel"], Texts(config["Entrypoint"]));
        Assert.Equal(["5000", "--status", "0.0.0.0:8080"], Texts(config["Cmd"]));

        var root = _build.PathOf("root");
        await ChildProcess.RunShellAsync(
            "mkdir \"$0\" && for layer in \"$@\"; do tar -xf \"$layer\" -C \"$0\"; done",
            [root, .. Texts(manifest["Layers"]).Select(layer => Path.Combine(image, layer))]);
        Assert.Equal([Path.Combine(root, "app/AccioKestrel")], Directory.GetFiles(Path.Combine(root, "app")));

        // What a container engine would do: mounts of its own, gone with the process, and the user.
        var enter = $$"""
            exec unshare --mount bash -c 'mount --bind {{root}} {{root}} && mount -o remount,bind,ro {{root}} &&
                mount --bind /dev {{root}}/dev && mount -t proc proc {{root}}/proc && cd {{root}} &&
                exec chroot --userspec={{config["User"]}}:0 {{root}} {{Texts(config["Entrypoint"]).Single()}} "$@"' "$0" "$@"
            """;
        var port = AccioServer.FreePort();
        await using var server = await AccioServer.StartAsync($"--status 0.0.0.0:{port}", shell: enter);
        using var status = new StatusClient(port);
        await status.WaitUntilAsync(_ => true);
        Assert.Equal("Healthy", await status.TextAsync("/healthz/ready"));
        await server.TransferAsync(123_456);
        await server.StopAsync(123_456);
    }

    private static async Task<JsonNode> ReadAsync(string folder, string file) =>
        JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(folder, file)))!;

    private static string[] Texts(JsonNode? array) => [.. array!.AsArray().Select(text => (string)text!)];
}
