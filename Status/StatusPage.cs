using System.Text;
using AccioKestrel.Exchange;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;

namespace AccioKestrel.Status;

/// <summary>Serves the embedded files of <c>Status/Page</c>, and others that the program embeds beside them.</summary>
internal static class StatusPage
{
    private const string Prefix = "page/";

    /// <summary>Allows only scripts, styles, images and requests from this address, and nothing inline.</summary>
    private const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    /// <summary>Stands in the page for the links to what else the host serves.</summary>
    private const string LinksMark = "<!-- links -->";

    public static void Map(IEndpointRouteBuilder endpoints, IReadOnlyList<(string Path, string Text)> links)
    {
        var assembly = typeof(StatusPage).Assembly;
        // The module's id identifies the build. A digest of each file would make the native program load OpenSSL, which it needs only for TLS.
        var tag = new EntityTagHeaderValue($"\"{assembly.ManifestModule.ModuleVersionId:n}\"");
        foreach (var name in assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            using var stream = assembly.GetManifestResourceStream(name)!;
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            var file = name[Prefix.Length..];
            if (file is "index.html")
            {
                var html = Encoding.UTF8.GetString(bytes).Replace(LinksMark, string.Concat(links.Select(Item)), StringComparison.Ordinal);
                MapFile(endpoints, "/", Encoding.UTF8.GetBytes(html), ContentType(file), tag);
            }
            else
            {
                MapFile(endpoints, file, bytes, ContentType(file), tag);
            }
        }

        MapFile(endpoints, "words.js", Encoding.UTF8.GetBytes(Words()), ContentType("words.js"), tag);
    }

    private static void MapFile(IEndpointRouteBuilder endpoints, string path, byte[] bytes, string contentType, EntityTagHeaderValue tag)
    {
        var result = TypedResults.Bytes(bytes, contentType, entityTag: tag);
        endpoints.MapGet(path, (HttpContext context) =>
        {
            if (path is "/" && !context.Request.Path.Value!.EndsWith('/'))
            {
                RedirectToFolder(context);
                return Task.CompletedTask;
            }

            context.Response.Headers.ContentSecurityPolicy = ContentSecurityPolicy;
            context.Response.Headers.XContentTypeOptions = "nosniff";
            context.Response.Headers["Referrer-Policy"] = "no-referrer";
            // The browser revalidates each time, and gets "not modified" until the program is replaced by another build.
            context.Response.Headers.CacheControl = "no-cache";
            return result.ExecuteAsync(context);
        }).ExcludeFromDescription();
    }

    /// <summary>
    /// Redirects <c>/accio</c> to <c>/accio/</c>, below which the relative URLs of the page are. The redirect is relative too: the server does
    /// not know under which path a reverse proxy serves it.
    /// </summary>
    private static void RedirectToFolder(HttpContext context)
    {
        var path = context.Request.PathBase.Add(context.Request.Path).ToUriComponent();
        context.Response.Redirect($"./{path[(path.LastIndexOf('/') + 1)..]}/{context.Request.QueryString}");
    }

    private static string Item((string Path, string Text) link) => $"<li><a href=\"{link.Path}\">{link.Text}</a></li>";

    /// <summary><see cref="ExchangeWords"/> as a script, so that the page uses the same words as terminal and log.</summary>
    private static string Words()
    {
        var script = new StringBuilder("// The words for the names in the report.\n");
        Append<ExchangeStep>("STEPS", ExchangeWords.Of);
        Append<ExchangeFailure>("FAILURES", ExchangeWords.Of);
        return script.ToString();

        void Append<T>(string name, Func<T, string> words)
            where T : struct, Enum
        {
            script.Append("export const ").Append(name).Append(" = {\n");
            foreach (var value in Enum.GetValues<T>())
            {
                script.Append("  ").Append(ExchangeWords.Name(value)).Append(": '").Append(words(value)).Append("',\n");
            }

            script.Append("};\n");
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
