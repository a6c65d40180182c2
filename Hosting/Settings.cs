using System.Globalization;
using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace AccioKestrel;

/// <summary>All that the program can be told: <see cref="AccioOptions"/>, and what concerns the program alone.</summary>
internal static class Settings
{
    private static readonly Setting s_status = new(
        "Status", "--status", "[ADDRESS:]PORT",
        "Serve a status page, health and metrics by HTTP; a port alone means 127.0.0.1. Default: off.",
        "an address and a port from 1 to 65535, such as 127.0.0.1:8080, or a port alone",
        text => ParseEndPoint(text) is not null);

    private static readonly Setting s_tlsCertificate = File(
        "TlsCertificate", "--tls-certificate", "Serve Accio by TLS, with this certificate (PEM). Needs --tls-key.");

    private static readonly Setting s_tlsKey = File("TlsKey", "--tls-key", "The private key of the certificate (PEM).");

    private static readonly Setting s_tlsClientAuthority = File(
        "TlsClientCa", "--tls-client-ca", "Serve only clients that show a certificate of these authorities (PEM).");

    private static readonly Setting s_statusHost = new(
        "StatusHost", "--status-host", "NAME",
        "Answer requests for the status page under this name too; may be given more than once. Default: addresses, localhost, the machine's name.",
        "host names", text => text.Split(',', StringSplitOptions.TrimEntries).All(name => Uri.CheckHostName(name) is UriHostNameType.Dns),
        IsRepeatable: true);

    private static readonly Setting s_listen = new(
        "Listen", "--listen", "ADDRESS",
        "The address to listen on; :: is every address of both families. Default: 0.0.0.0, every IPv4 address.",
        "an IPv4 or IPv6 address", text => IPAddress.TryParse(text, out _));

    private static readonly Setting s_logFormat = new(
        "LogFormat", "--log-format", "text|json",
        "How to write the log on standard error. Default: text.",
        "text or json", text => text is "text" or "json");

    private static readonly Setting s_quiet = Switch(
        "Quiet", "--quiet", "Show and log nothing but warnings and errors: no progress, no line for each exchange.");

    public static IReadOnlyList<Setting> All { get; } =
    [
        s_listen,
        Seconds(
            nameof(AccioOptions.IdleTimeout), "--idle-timeout", AccioOptions.ShortestIdleTimeout,
            "Seconds without a byte after which a client gets ERROR; fractions allowed. Default: 10."),
        Seconds(
            nameof(AccioOptions.ShutdownGrace), "--shutdown-grace", 0,
            "Seconds that a file in transfer gets to end when the server is told to stop. Default: 5."),
        new(
            nameof(AccioOptions.Backlog), "--backlog", "N",
            "How many clients may wait in the kernel's queue; net.core.somaxconn caps it. Default: 512.",
            $"a number of clients from 1 to {AccioOptions.LargestBacklog}", text => TryParseDecimal(text, AccioOptions.LargestBacklog, out _)),
        Switch(
            nameof(AccioOptions.Lenient), "--lenient", "Also serve clients that wait for both commands first, or that leave out the blank line."),
        Number(
            nameof(AccioOptions.MinDataRate), "--min-data-rate", "BYTES", "bytes per second", AccioOptions.SmallestRate, AccioOptions.LargestRate,
            "Bytes per second that a file must come in with on average, or it gets ERROR. Default: none."),
        Seconds(
            nameof(AccioOptions.MinDataRateGracePeriod), "--min-data-rate-grace-period", AccioOptions.ShortestGracePeriod,
            "Seconds before --min-data-rate is asked of a file. Default: 5."),
        Seconds(
            nameof(AccioOptions.HandshakeTimeout), "--handshake-timeout", AccioOptions.ShortestIdleTimeout,
            "Seconds within which both confirmations must have come, or the client gets ERROR. Default: none."),
        Seconds(
            nameof(AccioOptions.MaxExchangeDuration), "--max-exchange-duration", AccioOptions.ShortestIdleTimeout,
            "Seconds that a whole exchange may take, or it gets ERROR. Default: none."),
        new(
            nameof(AccioOptions.MaxFileSize), "--max-file-size", "BYTES",
            "Bytes that a file may have; with one more it gets ERROR. Default: none.",
            "a number of bytes from 0", text => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _)),
        new(
            nameof(AccioOptions.Allow), "--allow", "CIDR",
            "Serve only clients of this network, such as 10.0.0.0/8; may be given more than once. Default: everybody.",
            "networks such as 10.0.0.0/8,2001:db8::/32", text => AllowedNetworks.Parse(text) is { Count: > 0 }, IsRepeatable: true),
        s_tlsCertificate,
        s_tlsKey,
        s_tlsClientAuthority,
        s_status,
        s_statusHost,
        s_logFormat,
        s_quiet,
    ];

    /// <summary>Where to serve Accio.</summary>
    public static IPAddress ListenAddress(IConfiguration configuration) =>
        configuration[s_listen.Path] is { } text ? IPAddress.Parse(text) : IPAddress.Any;

    /// <summary>The certificates to serve Accio by TLS with, or null to serve it plain.</summary>
    /// <exception cref="InvalidDataException">One is missing, or wrong.</exception>
    public static TlsCertificates? Tls(IConfiguration configuration) =>
        (configuration[s_tlsCertificate.Path], configuration[s_tlsKey.Path], configuration[s_tlsClientAuthority.Path]) switch
        {
            (null, null, null) => null,
            ({ } certificate, { } key, var clientAuthority) => new TlsCertificates(certificate, key, clientAuthority),
            _ => throw new InvalidDataException("--tls-certificate and --tls-key must be given together, and --tls-client-ca only with them."),
        };

    /// <summary>Where to serve the status page, or null.</summary>
    public static IPEndPoint? StatusEndPoint(IConfiguration configuration) =>
        configuration[s_status.Path] is { } text ? ParseEndPoint(text) : null;

    /// <summary>The names of this host beside those it knows itself, with commas between them.</summary>
    public static string StatusHosts(IConfiguration configuration) => configuration[s_statusHost.Path] ?? "";

    public static bool IsJsonLog(IConfiguration configuration) => configuration[s_logFormat.Path] is "json";

    public static bool IsQuiet(IConfiguration configuration) => configuration[s_quiet.Path] is { } text && bool.Parse(text);

    /// <summary>Whether to show on a terminal what the server is doing: it goes with neither silence nor machine-readable lines.</summary>
    public static bool ShowsProgress(IConfiguration configuration) => !IsQuiet(configuration) && !IsJsonLog(configuration);

    /// <summary>Checks the whole section, and the levels of the log, before anything is made of them.</summary>
    /// <exception cref="InvalidDataException">Names the key, the value, and what is allowed.</exception>
    public static void Check(IConfiguration configuration)
    {
        foreach (var given in configuration.GetSection(AccioOptions.Section).GetChildren())
        {
            var setting = All.FirstOrDefault(setting => setting.Key.Equals(given.Key, StringComparison.OrdinalIgnoreCase))
                ?? throw new InvalidDataException($"{given.Path} is not a setting. Those of {AccioOptions.Section} are {string.Join(", ", All.Select(known => known.Key))}.");
            if (given.Value is not { } value || !setting.IsAllowed(value))
            {
                throw new InvalidDataException(setting.Reject(setting.Path, given.Value ?? "a section"));
            }
        }

        foreach (var (path, level) in configuration.GetSection("Logging").AsEnumerable())
        {
            if (level is not null && path.Contains(":LogLevel:", StringComparison.OrdinalIgnoreCase) && !Enum.TryParse<LogLevel>(level, ignoreCase: true, out _))
            {
                throw new InvalidDataException($"{path} takes {string.Join(", ", Enum.GetNames<LogLevel>())}, not '{level}'.");
            }
        }
    }

    /// <summary>Digits and nothing else: no sign, no blank, no other script's digits.</summary>
    public static bool TryParseDecimal(string text, int largest, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number >= 1 && number <= largest;

    private static IPEndPoint? ParseEndPoint(string text)
    {
        // Looked at first: a number alone is an IPv4 address to the parser.
        if (TryParseDecimal(text, IPEndPoint.MaxPort, out var port))
        {
            return new IPEndPoint(IPAddress.Loopback, port);
        }

        return IPEndPoint.TryParse(text, out var endPoint) && endPoint.Port != 0 ? endPoint : null;
    }

    private static Setting Seconds(string key, string option, double smallest, string description) =>
        Number(key, option, "SECONDS", "seconds", smallest, AccioOptions.LongestTime, description);

    private static Setting Number(string key, string option, string valueName, string unit, double smallest, double largest, string description) => new(
        key, option, valueName, description,
        string.Create(CultureInfo.InvariantCulture, $"a number of {unit} from {smallest} to {largest}"),
        text => double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            && number >= smallest && number <= largest);

    private static Setting File(string key, string option, string description) =>
        new(key, option, "FILE", description, "the name of a file", text => text.Length > 0);

    private static Setting Switch(string key, string option, string description) =>
        new(key, option, ValueName: null, description, "true or false", text => bool.TryParse(text, out _));
}
