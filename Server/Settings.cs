using System.Globalization;
using System.Net;
using System.Net.Sockets;
using AccioKestrel.Hosting;
using Microsoft.Extensions.Configuration;

namespace AccioKestrel.Server;

/// <summary>All settings of the program: those of <see cref="AccioOptions"/>, and those that only the program has.</summary>
internal static class Settings
{
    private static readonly Setting s_listen = new(
        "Listen", "ADDRESS", "an IPv4 or IPv6 address, such as 127.0.0.1 or ::",
        text => IPAddress.TryParse(text, out var address) && NetworkList.IsWritten(text, address),
        "Listen on this address; :: is every address of both families.", "0.0.0.0");

    private static readonly Setting s_shutdownGrace = new(
        "ShutdownGrace", "SECONDS", "a number of seconds from 0 to 86400", text => Setting.IsNumber(text, 0, 86_400),
        "How long a file in transfer may go on when the server is told to stop.", "5");

    private static readonly Setting s_tlsCertificate = File("TlsCertificate", "Serve Accio inside TLS with this certificate (PEM) and the key that --tls-key names.");

    private static readonly Setting s_tlsKey = File("TlsKey", "The private key of the certificate (PEM).");

    private static readonly Setting s_tlsClientAuthority = File("TlsClientCa", "Serve only clients that show a certificate of these authorities (PEM).");

    private static readonly Setting s_status = new(
        "Status", "[ADDRESS:]PORT", "an address and a port from 1 to 65535, such as 127.0.0.1:8080, or a port alone", text => ParseEndPoint(text) is not null,
        "Serve the status page, health and metrics by HTTP at this address; a port alone means 127.0.0.1.");

    private static readonly Setting s_statusHost = new(
        "StatusHost", "NAME", "host names", text => text.Split(',', StringSplitOptions.TrimEntries).All(name => Uri.CheckHostName(name) is UriHostNameType.Dns),
        "Also answer requests for the status page under these names, beside addresses, localhost and the machine's name.")
    { IsRepeatable = true };

    private static readonly Setting s_results = File("Results", "Append each result with its circumstances to this file, as one line of JSON.");

    private static readonly Setting s_resultsSync = new(
        "ResultsSync", ValueName: null, "true or false", text => bool.TryParse(text, out _),
        "Wait after each result until the file that --results names is on the disk.", "false");

    private static readonly Setting s_count = new(
        "Count", "N", "a number of results from 1 to 2147483647", text => Setting.IsNumber(text, 1, int.MaxValue, NumberStyles.None),
        "Stop with exit code 0 after this many results; an ERROR is one too.");

    private static readonly Setting s_logFormat = new(
        "LogFormat", "text|json", "text or json", text => text is "text" or "json", "The format of the log on standard error.", "text");

    private static readonly Setting s_quiet = new(
        "Quiet", ValueName: null, "true or false", text => bool.TryParse(text, out _),
        "Show and log only warnings and errors of the server: no progress, no line for each exchange, no reason behind an ERROR.", "false");

    /// <summary>The settings file. Only an option, because no other source can name it.</summary>
    public static Setting ConfigFile { get; } = File(
        "Config", "Read settings from this JSON file; by default from that of the working directory, if there is one.", SettingsFile.Default);

    /// <summary>Checks the configuration and ends. Only an option, because it is not a property of a server.</summary>
    public static Setting CheckConfig { get; } = new(
        "CheckConfig", ValueName: null, "true or false", text => bool.TryParse(text, out _),
        "Show each setting with its source, read the files that a start would read, and end without serving.", "false");

    /// <summary>Options that are no settings of the section <c>Accio</c>.</summary>
    public static IReadOnlyList<Setting> OptionsAlone { get; } = [ConfigFile, CheckConfig];

    /// <summary>All settings of the section <c>Accio</c>.</summary>
    public static IReadOnlyList<Setting> All { get; } =
    [
        s_listen, .. AccioOptions.Settings.Where(setting => !setting.IsForHostsAlone), s_shutdownGrace, s_tlsCertificate, s_tlsKey, s_tlsClientAuthority, s_status, s_statusHost, s_results, s_resultsSync, s_count,
        s_logFormat, s_quiet,
    ];

    /// <summary>The address of the Accio endpoint.</summary>
    public static IPAddress ListenAddress(IConfiguration configuration) =>
        configuration[s_listen.Path] is { } text ? IPAddress.Parse(text) : IPAddress.Any;

    /// <summary>How long a file in transfer may go on when the server is told to stop.</summary>
    public static TimeSpan ShutdownGrace(IConfiguration configuration) =>
        TimeSpan.FromSeconds(double.Parse(configuration[s_shutdownGrace.Path] ?? s_shutdownGrace.Default, CultureInfo.InvariantCulture));

    /// <summary>The certificates of the Accio endpoint, or null without TLS.</summary>
    /// <exception cref="StartException">A certificate or key is missing, or wrong.</exception>
    public static TlsCertificates? LoadCertificates(IConfiguration configuration) =>
        (configuration[s_tlsCertificate.Path], configuration[s_tlsKey.Path], configuration[s_tlsClientAuthority.Path]) switch
        {
            (null, null, null) => null,
            ({ } certificate, { } key, var clientAuthority) => new TlsCertificates(certificate, key, clientAuthority),
            _ => throw new StartException("--tls-certificate and --tls-key must be given together, and --tls-client-ca only with them."),
        };

    /// <summary>The status address, or null.</summary>
    /// <param name="configuration">The settings.</param>
    /// <param name="port">The port of the Accio endpoint.</param>
    /// <exception cref="StartException">It overlaps the Accio endpoint.</exception>
    public static IPEndPoint? StatusEndPoint(IConfiguration configuration, int port)
    {
        var status = configuration[s_status.Path] is { } text ? ParseEndPoint(text) : null;
        if (status?.Port == port && ListenAddress(configuration) is var listen && (Covers(listen, status.Address) || Covers(status.Address, listen)))
        {
            throw new StartException($"{s_status.Option} {status} is where Accio is to be served; choose another port than {port} for one of them.");
        }

        return status;
    }

    /// <summary>Further host names of the status page, separated by commas.</summary>
    public static string StatusHosts(IConfiguration configuration) => configuration[s_statusHost.Path] ?? "";

    /// <summary>The file of results, or null.</summary>
    /// <exception cref="StartException">It is to be synchronised, but not given.</exception>
    public static string? ResultsFile(IConfiguration configuration) =>
        configuration[s_results.Path] is { } file ? Path.GetFullPath(file)
        : AreResultsSynced(configuration) ? throw new StartException($"{s_resultsSync.Option} needs {s_results.Option} FILE.")
        : null;

    /// <summary>Whether each result must be on the disk before the next exchange.</summary>
    public static bool AreResultsSynced(IConfiguration configuration) => configuration[s_resultsSync.Path] is { } text && bool.Parse(text);

    /// <summary>After how many results the server stops, or null.</summary>
    public static int? Count(IConfiguration configuration) =>
        configuration[s_count.Path] is { } text ? int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture) : null;

    public static bool IsJsonLog(IConfiguration configuration) => configuration[s_logFormat.Path] is "json";

    public static bool IsQuiet(IConfiguration configuration) => configuration[s_quiet.Path] is { } text && bool.Parse(text);

    /// <summary>Whether a terminal shows what the server is doing: not with --quiet, and not between the JSON lines of the log.</summary>
    public static bool ShowsProgress(IConfiguration configuration) => !IsQuiet(configuration) && !IsJsonLog(configuration);

    /// <summary>Parses a port. Only ASCII digits are allowed, no sign and no blank.</summary>
    public static bool TryParsePort(string text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is >= 1 and <= IPEndPoint.MaxPort;

    /// <summary>Parses an address with a port, or a port. A port is tried first, because the parser takes a number for an IPv4 address.</summary>
    private static IPEndPoint? ParseEndPoint(string text) =>
        TryParsePort(text, out var port) ? new IPEndPoint(IPAddress.Loopback, port)
        : IPEndPoint.TryParse(text, out var endPoint) && endPoint.Port != 0 && NetworkList.IsWritten(text, endPoint.Address) ? endPoint
        : null;

    /// <summary>Whether listening on the address includes the other one.</summary>
    private static bool Covers(IPAddress address, IPAddress other) =>
        address.Equals(other) || address.Equals(IPAddress.IPv6Any) || (address.Equals(IPAddress.Any) && other.AddressFamily is AddressFamily.InterNetwork);

    private static Setting File(string key, string description, string byDefault = "none") =>
        new(key, "FILE", "the name of a file", text => text.Length > 0, description, byDefault);
}
