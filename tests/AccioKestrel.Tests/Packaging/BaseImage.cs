using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace AccioKestrel.Tests.Packaging;

/// <summary>
/// Stands in for the public base image, with this machine's C library and nothing else in it, and for the registry that it
/// comes from.
/// </summary>
internal sealed class BaseImage : IAsyncDisposable
{
    private const string ManifestType = "application/vnd.docker.distribution.manifest.v2+json";

    private readonly WebApplication _registry;

    private BaseImage(WebApplication registry) => _registry = registry;

    /// <summary>The name by which it can be pulled.</summary>
    public string Name => $"localhost:{new Uri(_registry.Urls.Single()).Port}/base:1";

    /// <param name="folder">For the files of the image.</param>
    public static async Task<BaseImage> StartAsync(string folder)
    {
        const string script = """
            mkdir -p "$0/dev" "$0/proc"
            cp -L --parents /lib64/ld-linux-x86-64.so.2 /lib/x86_64-linux-gnu/lib{c,m}.so.6 "$0"
            tar -C "$0" -cf "$0.tar" .
            """;
        await ChildProcess.RunShellAsync(script, folder);
        var tar = await File.ReadAllBytesAsync(folder + ".tar");

        var blobs = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        var layer = Add(Compress(tar));
        var config = Add(JsonSerializer.SerializeToUtf8Bytes(new
        {
            architecture = "amd64",
            os = "linux",
            config = new { },
            rootfs = new { type = "layers", diff_ids = new[] { Digest(tar) } },
        }));
        var manifest = Add(JsonSerializer.SerializeToUtf8Bytes(new
        {
            schemaVersion = 2,
            mediaType = ManifestType,
            config = new { mediaType = "application/vnd.docker.container.image.v1+json", digest = config, size = blobs[config].Length },
            layers = new[] { new { mediaType = "application/vnd.docker.image.rootfs.diff.tar.gzip", digest = layer, size = blobs[layer].Length } },
        }));

        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var registry = builder.Build();
        registry.Run(context => context.Request.Path.Value!.Split('/') switch
        {
            ["", "v2", "base", "manifests", "1"] => AnswerAsync(context, ManifestType, blobs[manifest]),
            ["", "v2", "base", "blobs", var digest] => AnswerAsync(context, "application/octet-stream", blobs[digest]),
            _ => Task.CompletedTask,
        });
        await registry.StartAsync().OrGiveUp();
        return new BaseImage(registry);

        string Add(byte[] blob)
        {
            var digest = Digest(blob);
            blobs.Add(digest, blob);
            return digest;
        }
    }

    public ValueTask DisposeAsync() => _registry.DisposeAsync();

    private static Task AnswerAsync(HttpContext context, string type, byte[] bytes)
    {
        context.Response.ContentType = type;
        context.Response.ContentLength = bytes.Length;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.Body.WriteAsync(bytes).AsTask();
    }

    private static string Digest(byte[] bytes) => $"sha256:{Convert.ToHexStringLower(SHA256.HashData(bytes))}";

    private static byte[] Compress(byte[] bytes)
    {
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest))
        {
            gzip.Write(bytes);
        }

        return compressed.ToArray();
    }
}
