namespace AccioKestrel.Testing;

/// <summary>The kernel's TCP sockets of this machine, as it lists them.</summary>
internal static class TcpTable
{
    public const string Established = "01";
    public const string Listening = "0A";

    /// <summary>Local address, remote address, state, and the lengths of the two queues, in the kernel's hexadecimal.</summary>
    /// <remarks>
    /// The kernel writes the list a page at a time, and resumes by position: if sockets come and go in between, it names one twice or leaves
    /// one out. Duplicates are removed here; against omissions, callers read again until the number is right.
    /// </remarks>
    public static IEnumerable<(string Local, string Remote, string State, string Queues)> Read()
    {
        Needs.Linux("/proc/net/tcp");
        return File.ReadLines("/proc/net/tcp").Skip(1)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Select(fields => (Local: fields[1], Remote: fields[2], State: fields[3], Queues: fields[4]))
            .DistinctBy(socket => (socket.Local, socket.Remote));
    }
}
