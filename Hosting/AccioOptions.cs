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

    internal const double ShortestIdleTimeout = 0.001;
    internal const double LongestTime = 86_400;
    internal const int LargestBacklog = 65_535;
    internal const double ShortestGracePeriod = 1.001;
    internal const double SmallestRate = 0.001;
    internal const double LargestRate = 1e15;

    /// <summary>
    /// The seconds without a byte from the client after which an exchange ends with <c>ERROR</c>. Default 10, as the
    /// protocol has it; from 0.001 to 86400.
    /// </summary>
    public double IdleTimeout { get; set; } = 10;

    /// <summary>
    /// The seconds that a file in transfer gets to end when the server is told to stop; after them it ends with
    /// <c>ERROR</c>. Default 5; from 0, which gives it none, to 86400.
    /// </summary>
    public double ShutdownGrace { get; set; } = 5;

    /// <summary>
    /// How many clients may wait in the kernel's listen backlog. Default 512; from 1 to 65535. The kernel caps it
    /// (Linux: <c>net.core.somaxconn</c>, 4096 by default), and clients beyond it must try again.
    /// </summary>
    public int Backlog { get; set; } = 512;

    /// <summary>
    /// Whether to serve published clients that the strict order of the protocol cannot: those that wait for both
    /// commands before they confirm, and those that leave out the blank line. Default false. What it costs: without
    /// its blank line a file that begins with <c>\r\n</c> loses these two bytes.
    /// </summary>
    public bool Lenient { get; set; }

    /// <summary>
    /// The bytes per second that a file must come in with, on average since its first byte was awaited; once it is
    /// slower, after <see cref="MinDataRateGracePeriod"/>, the exchange ends with <c>ERROR</c>. Default null: as slow as
    /// the idle time-out allows, which is one byte every ten seconds. From 0.001 to 1e15.
    /// </summary>
    public double? MinDataRate { get; set; }

    /// <summary>The seconds that a file has before <see cref="MinDataRate"/> is asked of it. Default 5; from 1.001, for it must be more than a second as Kestrel's own, to 86400.</summary>
    public double MinDataRateGracePeriod { get; set; } = 5;

    /// <summary>
    /// The seconds from the first command within which both confirmations must have come, or the exchange ends with
    /// <c>ERROR</c>. Default null: no limit but the idle time-out; from 0.001 to 86400.
    /// </summary>
    public double? HandshakeTimeout { get; set; }

    /// <summary>
    /// The seconds that a whole exchange may take, or it ends with <c>ERROR</c>. Default null: no limit; from 0.001 to
    /// 86400.
    /// </summary>
    public double? MaxExchangeDuration { get; set; }

    /// <summary>
    /// The bytes that a file may have; with the first one more the exchange ends with <c>ERROR</c>. Default null: no
    /// limit; from 0.
    /// </summary>
    public long? MaxFileSize { get; set; }

    /// <summary>
    /// The networks whose clients are served, such as <c>10.0.0.0/8,2001:db8::/32</c>; the connections of others are
    /// closed at once, without a line of output, and counted. Default null: everybody is served.
    /// </summary>
    public string? Allow { get; set; }
}
