using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;

namespace AccioKestrel;

/// <summary>Serves the files of <c>Status/Page</c>, and the description of the API, which are part of the program.</summary>
internal static class StatusPage
{
    private const string Prefix = "page/";

    /// <summary>Nothing from anywhere else, and nothing that is not in a file of its own.</summary>
    private const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        var assembly = typeof(StatusPage).Assembly;
        // Made of all that the program is compiled from. A digest of each file would need OpenSSL, which the native program
        // has no other use for.
        var tag = new EntityTagHeaderValue($"\"{assembly.ManifestModule.ModuleVersionId:n}\"");
        foreach (var name in assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            using var stream = assembly.GetManifestResourceStream(name)!;
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            var file = name[Prefix.Length..];
            var result = TypedResults.Bytes(bytes, ContentType(file), entityTag: tag);
            endpoints.MapGet(file is "index.html" ? "/" : file, (HttpContext context) =>
            {
                context.Response.Headers.ContentSecurityPolicy = ContentSecurityPolicy;
                context.Response.Headers.XContentTypeOptions = "nosniff";
                context.Response.Headers["Referrer-Policy"] = "no-referrer";
                // Asked for again each time, and answered with "not modified" until the program is another one.
                context.Response.Headers.CacheControl = "no-cache";
                return result.ExecuteAsync(context);
            }).ExcludeFromDescription();
        }
    }

    private static string ContentType(string file) => Path.GetExtension(file) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".json" => "application/json",
        ".svg" => "image/svg+xml",
        _ => "text/plain; charset=utf-8",
    };
}
