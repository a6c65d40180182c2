namespace AccioKestrel.Tests.EndToEnd;

/// <summary>The kernel's TCP sockets of this machine, as it lists them.</summary>
internal static class TcpTable
{
    public const string Established = "01";
    public const string Listening = "0A";

    /// <summary>Local address, remote address, state, and the lengths of the two queues, in the kernel's hexadecimal.</summary>
    public static IEnumerable<(string Local, string Remote, string State, string Queues)> Read() =>
        File.ReadLines("/proc/net/tcp").Skip(1)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Select(fields => (fields[1], fields[2], fields[3], fields[4]));
}
