using System.Globalization;
using System.Text;
using System.Text.Json;

namespace AccioKestrel.Fuzz;

/// <summary>One start of the program: its arguments, its environment, and a file of settings in its working directory.</summary>
/// <param name="Arguments">The arguments.</param>
/// <param name="Environment">The variables.</param>
/// <param name="FileName">The file's name.</param>
/// <param name="File">The file's content, or null for no file.</param>
internal sealed record ConfigurationCase(
    IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string> Environment, string FileName, string? File)
{
    private static readonly string[] s_sections = ["Accio", "accio", "Acio", "AccioKestrel", "Logging", "Kestrel", "AllowedHosts", "urls", "OTEL_EXPORTER_OTLP_ENDPOINT", ""];

    private static readonly string[] s_logging =
    [
        "LogLevel", "LogLevel:Default", "LogLevel:Microsoft", "LogLevel:AccioKestrel.AccioConnectionHandler", "LogLevel:a*b*", "LogLevel:*", "LogLevel:",
        "Console", "Console:LogLevel:Default", "Console:MaxQueueLength", "Console:QueueFullMode", "Console:FormatterName", "Console:LogToStandardErrorThreshold",
        "Console:TimestampFormat", "Console:FormatterOptions:TimestampFormat", "Console:FormatterOptions:IncludeScopes", "Console:FormatterOptions:JsonWriterOptions:Indented",
    ];

    private static readonly string[] s_levels = ["Trace", "Debug", "information", "WARNING", "Error", "Critical", "None"];

    private static readonly string[] s_variables =
    [
        "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TIMEOUT", "OTEL_EXPORTER_OTLP_CERTIFICATE",
        "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "OTEL_EXPORTER_OTLP_CLIENT_KEY", "OTEL_METRIC_EXPORT_INTERVAL", "OTEL_METRIC_EXPORT_TIMEOUT", "OTEL_SERVICE_NAME",
        "OTEL_RESOURCE_ATTRIBUTES", "OTEL_METRICS_EXEMPLAR_FILTER", "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "OTEL_SDK_DISABLED",
        "URLS", "ASPNETCORE_URLS", "DOTNET_URLS", "HTTP_PORTS", "HTTPS_PORTS", "PREFERHOSTINGURLS", "CONTENTROOT", "ASPNETCORE_CONTENTROOT", "ENVIRONMENT", "APPLICATIONNAME",
        "HOSTINGSTARTUPASSEMBLIES", "SHUTDOWNTIMEOUTSECONDS", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "ACCIO_IDLE_TIMEOUT", "Accio", "Accio__", "Logging", "TERM",
        "NO_COLOR", "COLUMNS", "TZ", "LANG",
    ];

    /// <summary>All addresses are of this machine or of none, so that nothing is sent elsewhere.</summary>
    private static readonly string[] s_values =
    [
        "", " ", "0", "1", "-1", "5", "0.5", "007", "1e3", "NaN", "Infinity", "99999999999999999999", "65535", "65536", "true", "FALSE", "maybe", "text", "json", "JSON",
        "127.0.0.1", "::1", "::", "0.0.0.0", "1.2.3", "010.0.0.1", "192.0.2.1", "2001:db8::1", "fe80::1", "fe80::1%lo", "255.255.255.255", "224.0.0.1", "localhost",
        "127.0.0.1:{status}", "[::1]:{status}", "{status}", "{port}", "0.0.0.0:{port}", "[::]:{status}", "192.0.2.1:{status}", "127.0.0.1:0", "10.0.0.0/8", "10.0.0.1/8", "::/0", "0.0.0.0/0",
        "10.0.0.0/8,127.0.0.0/8", "10.0.0.0/99", ",", "a,b", "*", "Trace", "Debug", "None", "Information,Debug", "7", "two words", "\n", "\u001b[31m", "ü", "\u202e", "%s{0}{", "'", "\"",
        "/", ".", "/dev/null", "/proc/version", "/no/such/file", "{certificate}", "{key}", "{other key}", "http://127.0.0.1:1", "http://127.0.0.1:1/", "https://127.0.0.1:1", "ftp://127.0.0.1", "http://[::1",
        "::::", "grpc", "http/protobuf", "x", "x=y", "x=y,z", "=", "x=%", "service.name=a,service.name=b", "always_on", "delta", "Wait", "DropWrite", "simple", "systemd", "yyyy", "%",
    ];

    private static readonly string[] s_oddArguments = ["--", "-", "@file", "[suggest]", "--check-config", "--help", "-h", "-?", "--version", "--config", "--config=", "-x", "--=", "--port", "–quiet", "superfluous", "--quiet=maybe"];

    /// <summary>The case with this seed: always the same one.</summary>
    public static ConfigurationCase Make(int seed)
    {
        var random = new Random(seed);
        var fileName = random.Next(4) switch { 0 => "settings.json", 1 => ".hidden.json", _ => "appsettings.json" };
        var arguments = new List<string> { random.Next(40) == 0 ? One(s_values, random) : "{port}" };
        for (var i = random.Next(4); i > 0; i--)
        {
            arguments.AddRange(Option(random));
        }

        if (!fileName.StartsWith('a') && random.Next(4) > 0)
        {
            arguments.AddRange(["--config", fileName]);
        }

        if (random.Next(10) == 0)
        {
            // In any order.
            random.Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(arguments));
        }

        var environment = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = random.Next(4); i > 0; i--)
        {
            var (name, value) = Variable(random);
            environment[name] = value;
        }

        return new ConfigurationCase(arguments, environment, fileName, random.Next(2) == 0 ? Json(random) : null);
    }

    private static IEnumerable<string> Option(Random random)
    {
        if (random.Next(40) == 0)
        {
            return [One(s_oddArguments, random)];
        }

        var setting = Settings.All[random.Next(Settings.All.Count)];
        var name = Misspell(setting.Option, random);
        return setting.ValueName is null && random.Next(8) > 0 ? [name]
            : random.Next(3) == 0 ? [$"{name}={Value(setting, random)}"]
            : [name, Value(setting, random)];
    }

    private static (string Name, string Value) Variable(Random random)
    {
        var setting = Settings.All[random.Next(Settings.All.Count)];
        return random.Next(5) switch
        {
            0 => ($"Logging__{One(s_logging, random).Replace(":", "__", StringComparison.Ordinal)}", One(random.Next(3) > 0 ? s_levels : s_values, random)),
            // Without an endpoint, the other variables have no effect.
            1 => ("OTEL_EXPORTER_OTLP_ENDPOINT", random.Next(4) > 0 ? "http://127.0.0.1:1" : One(s_values, random)),
            2 => (One(s_variables, random), One(s_values, random)),
            _ => ($"Accio__{Misspell(setting.Key, random)}{(random.Next(25) == 0 ? "__0" : "")}", Value(setting, random)),
        };
    }

    /// <summary>Mostly a value that the setting allows, sometimes any value of the list.</summary>
    private static string Value(Setting setting, Random random)
    {
        var fitting = random.Next(12) == 0 ? [] : s_values.Where(setting.IsAllowed).ToArray();
        return setting.Key.StartsWith("Tls", StringComparison.Ordinal) && random.Next(2) == 0
            ? setting.Key is "TlsKey" ? "{key}" : "{certificate}"
            : One(fitting.Length > 0 ? fitting : s_values, random);
    }

    private static string Misspell(string word, Random random)
    {
        if (random.Next(40) > 0)
        {
            return word;
        }

        var place = random.Next(word.Length);
        return random.Next(3) switch
        {
            0 => word.Remove(place, 1),
            1 => word.Insert(place, ((char)('a' + random.Next(26))).ToString()),
            _ => word.ToUpperInvariant(),
        };
    }

    private static string Json(Random random)
    {
        var text = new StringBuilder("{");
        for (var i = random.Next(3); i >= 0; i--)
        {
            text.Append(CultureInfo.InvariantCulture, $"{Quote(One(s_sections, random))}: {Section(random)}{(i > 0 ? "," : "")}");
        }

        text.Append('}');
        return random.Next(40) switch
        {
            0 => text.ToString(0, random.Next(text.Length)),
            1 => text.Insert(random.Next(text.Length), One(["\0", "{", "]", ",", "\"", "\\", "//", "\ufeff", "\ud800"], random)).ToString(),
            2 => Element(random, depth: 0),
            _ => text.ToString(),
        };
    }

    private static string Section(Random random)
    {
        if (random.Next(25) == 0)
        {
            return Element(random, depth: 0);
        }

        var entries = Enumerable.Range(0, random.Next(4)).Select(_ =>
        {
            if (random.Next(6) == 0)
            {
                return $"{Quote(One(s_logging, random))}: {Element(random, depth: 1)}";
            }

            var setting = Settings.All[random.Next(Settings.All.Count)];
            return $"{Quote(Misspell(setting.Key, random))}: {(random.Next(15) == 0 ? Element(random, depth: 1) : Quote(Value(setting, random)))}";
        });
        return $"{{{string.Join(',', entries)}}}";
    }

    private static string Element(Random random, int depth) => random.Next(depth > 3 ? 5 : 8) switch
    {
        0 => "null",
        1 => "true",
        2 => "-1.5e300",
        3 => "\"\\ud800\"",
        4 => Quote(One(s_values, random)),
        5 => $"[{string.Join(',', Enumerable.Range(0, random.Next(3)).Select(_ => Element(random, depth + 1)))}]",
        6 => $"{{{string.Join(',', Enumerable.Range(0, random.Next(3)).Select(i => $"{Quote(One(s_logging, random))}: {Element(random, depth + 1)}"))}}}",
        _ => string.Concat(Enumerable.Repeat("[", 70)) + string.Concat(Enumerable.Repeat("]", 70)),
    };

    private static string Quote(string text) => $"\"{JsonEncodedText.Encode(text)}\"";

    private static string One(string[] words, Random random) => words[random.Next(words.Length)];
}
