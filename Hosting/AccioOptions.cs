using System.Globalization;
using AccioKestrel.Diagnostics;
using AccioKestrel.Exchange;
using AccioKestrel.Hosting;

namespace AccioKestrel;

/// <summary>
/// The settings of the Accio server, from the configuration section <c>Accio</c>. All times are in seconds, fractions
/// allowed, so that a value reads the same on the command line, in the environment and in a file. They are read once,
/// when the host starts.
/// </summary>
public sealed class AccioOptions
{
    /// <summary>The name of the configuration section.</summary>
    public const string Section = "Accio";

    /// <summary>The name of the meter, for exporters: <c>metrics.AddMeter(AccioOptions.MeterName)</c>.</summary>
    public const string MeterName = AccioMeter.Name;

    private const string Networks = "networks such as 10.0.0.0/8,192.0.2.7/32,2001:db8::/32";

    /// <summary>
    /// The seconds without a byte from the client after which an exchange ends with <c>ERROR</c>. Default 10, as the
    /// protocol has it; from 0.001 to 86400.
    /// </summary>
    public double IdleTimeout { get; set; } = 10;

    /// <summary>
    /// How many clients may wait in the kernel's accept queue. Default 512; from 1 to 65535. The kernel caps it
    /// (Linux: <c>net.core.somaxconn</c>, 4096 by default), and clients beyond it must try again.
    /// </summary>
    public int Backlog { get; set; } = 512;

    /// <summary>
    /// Whether to serve two kinds of client that break the protocol: clients that wait for both commands before they confirm, and
    /// clients that leave out the empty line. Default false. If a client leaves out the empty line and its file begins with
    /// <c>\r\n</c>, these two bytes are not counted.
    /// </summary>
    public bool Lenient { get; set; }

    /// <summary>
    /// The lowest average rate of a file, in bytes per second, from the second confirmation on. A slower file ends with
    /// <c>ERROR</c>, after <see cref="MinDataRateGracePeriod"/> at the earliest. Default null: no limit but the idle time-out, which
    /// one byte every ten seconds satisfies. From 0.001 to 1000000000000000.
    /// </summary>
    public double? MinDataRate { get; set; }

    /// <summary>
    /// The grace period of a file, in seconds, before <see cref="MinDataRate"/> is enforced. Default 5; from 0.001 to
    /// 86400.
    /// </summary>
    public double MinDataRateGracePeriod { get; set; } = 5;

    /// <summary>
    /// The seconds that both confirmations may take, counted from the first command, or with TLS from the beginning of the TLS
    /// handshake. A slower client gets <c>ERROR</c>. Default null: no limit but the idle time-out; from 0.001 to 86400.
    /// </summary>
    public double? HandshakeTimeout { get; set; }

    /// <summary>
    /// The seconds that a whole exchange may take. A longer one ends with <c>ERROR</c>. Default null: no limit; from 0.001 to 86400.
    /// </summary>
    public double? MaxExchangeDuration { get; set; }

    /// <summary>
    /// The bytes that a file may have. The first byte beyond it ends the exchange with <c>ERROR</c>. Default null: no limit; from 0 to
    /// 9223372036854775807.
    /// </summary>
    public long? MaxFileSize { get; set; }

    /// <summary>
    /// The networks whose clients are served, such as <c>10.0.0.0/8,2001:db8::/32</c>. Connections from other addresses are closed
    /// at once, without a line of output, and counted. Default null: all clients are served.
    /// </summary>
    public string? Allow { get; set; }

    /// <summary>
    /// The seconds that each <see cref="IResultReceiver"/> may take for a result, while the next client waits. Default 10; from 0.001 to
    /// 86400.
    /// </summary>
    public double ResultTimeout { get; set; } = 10;

    /// <summary>
    /// The networks of load balancers that send a PROXY header, version 1 or 2, such as <c>10.0.0.5/32</c>. Their connections must begin
    /// with it, within 3 seconds; a connection with a wrong or missing header is reset, without a line of output, and counted. The address in the header
    /// is the client's, also for <see cref="Allow"/>. Connections from other addresses have no header. Default null: no connection has a header.
    /// </summary>
    public string? ProxyProtocol { get; set; }

    /// <summary>The limits of an exchange, with times as <see cref="TimeSpan"/>.</summary>
    internal ExchangeLimits ToLimits() => new()
    {
        IdleTimeout = TimeSpan.FromSeconds(IdleTimeout),
        MinDataRate = MinDataRate,
        MinDataRateGracePeriod = TimeSpan.FromSeconds(MinDataRateGracePeriod),
        HandshakeTimeout = HandshakeTimeout is { } handshake ? TimeSpan.FromSeconds(handshake) : null,
        MaxDuration = MaxExchangeDuration is { } exchange ? TimeSpan.FromSeconds(exchange) : null,
        MaxFileSize = MaxFileSize,
    };

    /// <summary>The range and description of each setting of this class. The defaults are those of the properties.</summary>
    /// <remarks>A field, because the generated configuration binder binds every property.</remarks>
    internal static readonly IReadOnlyList<Setting> Settings =
    [
        Setting.Seconds(nameof(IdleTimeout), options => options.IdleTimeout, "A client that sends no byte for this long gets ERROR."),
        Setting.Number(
            nameof(Backlog), options => options.Backlog, "N", "clients", 1, 65_535,
            "How many clients may wait in the kernel's accept queue (the listen backlog); on Linux net.core.somaxconn caps it.", NumberStyles.None),
        Setting.Of(
            nameof(Lenient), options => options.Lenient, valueName: null, "true or false", text => bool.TryParse(text, out _),
            "Also serve clients that wait for both commands before they confirm, or that leave out the empty line."),
        Setting.Number(
            nameof(MinDataRate), options => options.MinDataRate, "BYTES", "bytes per second", 0.001m, 1_000_000_000_000_000,
            "A file that comes in slower than this on average gets ERROR."),
        Setting.Seconds(
            nameof(MinDataRateGracePeriod), options => options.MinDataRateGracePeriod,
            "Grace period of a file before the minimum data rate is enforced."),
        Setting.Seconds(
            nameof(HandshakeTimeout), options => options.HandshakeTimeout,
            "A client that has not sent both confirmations within this time gets ERROR."),
        Setting.Seconds(nameof(MaxExchangeDuration), options => options.MaxExchangeDuration, "An exchange that takes longer than this gets ERROR."),
        Setting.Number(
            nameof(MaxFileSize), options => options.MaxFileSize, "BYTES", "bytes", 0, long.MaxValue,
            "A file with more bytes than this gets ERROR.", NumberStyles.None),
        Setting.Of(
            nameof(Allow), options => options.Allow, "CIDR", Networks, IsNetworks,
            "Serve only clients of these networks; the connections of others are closed at once, and counted.") with { IsRepeatable = true },
        Setting.Seconds(nameof(ResultTimeout), options => options.ResultTimeout, "How long each receiver of results may take for one.") with { IsForHostsAlone = true },
        Setting.Of(
            nameof(ProxyProtocol), options => options.ProxyProtocol, "CIDR", Networks, IsNetworks,
            "Take the address of the client from the PROXY header, with which connections of load balancers in these networks must begin.") with { IsRepeatable = true },
    ];

    private static bool IsNetworks(string text) => NetworkList.Parse(text) is { IsEmpty: false };
}
