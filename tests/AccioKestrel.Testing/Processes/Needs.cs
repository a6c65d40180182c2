using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace AccioKestrel.Testing;

/// <summary>What a test needs of the machine beside the SDK. Where that is missing the test is skipped, and says what to install or permit.</summary>
internal static class Needs
{
    /// <summary>The Debian package of each program that does not have the program's name.</summary>
    private static readonly Dictionary<string, string> s_packages = new(StringComparer.Ordinal)
    {
        ["ip"] = "iproute2",
        ["ss"] = "iproute2",
        ["nc"] = "netcat-openbsd",
        ["prlimit"] = "util-linux",
        ["setpriv"] = "util-linux",
        ["unshare"] = "util-linux",
        ["promtool"] = "prometheus",
        ["systemd-analyze"] = "systemd",
        ["systemd-socket-activate"] = "systemd",
        ["/usr/include/zlib.h"] = "zlib1g-dev",
        ["/usr/bin/chromium"] = "chromium",
        ["/usr/sbin/logrotate"] = "logrotate",
    };

    /// <summary>Programs by their names in the path, or files by their own paths.</summary>
    public static void Installed(params string[] programs)
    {
        foreach (var program in programs)
        {
            Assert.SkipUnless(ChildProcess.Exists(program), $"{program} is not installed (Debian package: {s_packages.GetValueOrDefault(program, program)}).");
        }
    }

    /// <summary>Skips a test of what only Linux has, or of what is observed by it. For helpers of tests, so that a test need not say it.</summary>
    /// <param name="what">What the test needs of Linux.</param>
    public static void Linux(string what) => Assert.SkipUnless(OperatingSystem.IsLinux(), $"It needs Linux: {what}.");

    public static void Capability(Capability capability) =>
        Assert.SkipUnless(Has(capability), $"It needs the right to {capability}: run the tests as root, and in a container with that capability.");

    public static bool Has(Capability capability)
    {
        Linux("capabilities");
        const string field = "CapEff:";
        var effective = File.ReadLines("/proc/self/status").Single(line => line.StartsWith(field, StringComparison.Ordinal));
        return (ulong.Parse(effective.AsSpan(field.Length).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture) >> (int)capability & 1) == 1;
    }

    public static void IPv6()
    {
        try
        {
            using var socket = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));
        }
        catch (SocketException exception)
        {
            Assert.Skip($"This machine has no IPv6 address ::1 ({exception.SocketErrorCode}).");
        }
    }
}
