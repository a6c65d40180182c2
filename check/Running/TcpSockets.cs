using System.Globalization;
using System.Text;

namespace AccioKestrel.Checker;

/// <summary>The kernel's list of TCP sockets, for what a connection could not find out without being a client of the server.</summary>
internal static class TcpSockets
{
    private const string Listening = "0A";

    /// <summary>Whether a program listens on a port.</summary>
    public static bool IsListening(int port) => SocketDiagnostics.IsSupported
        ? SocketDiagnostics.Find(port, remotePort: 0) is { State: SocketDiagnostics.Listening }
        : Of("/proc/net/tcp", port).Concat(Of("/proc/net/tcp6", port)).Any(fields => fields[3] is Listening);

    /// <summary>How many bytes a program that serves connections on a port has before it that it has not read. A client's end counts as one.</summary>
    /// <param name="port">The program's port.</param>
    /// <param name="clientPort">The client's port; null for any.</param>
    public static long UnreadBytes(int port, int? clientPort) => clientPort is { } remotePort && SocketDiagnostics.IsSupported
        ? SocketDiagnostics.Find(port, remotePort) is { State: not SocketDiagnostics.Listening } socket ? socket.Unread : 0
        : Of("/proc/net/tcp", port).Where(fields => fields[3] is not Listening)
            .Sum(fields => long.Parse(fields[4].AsSpan(fields[4].IndexOf(':', StringComparison.Ordinal) + 1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));

    /// <summary>The fields of each socket with this local port. The list may be long: a line of another port is not taken apart.</summary>
    private static List<string[]> Of(string file, int port)
    {
        var sockets = new List<string[]>();
        if (!File.Exists(file))
        {
            return sockets;
        }

        ReadOnlySpan<byte> list = File.ReadAllBytes(file);
        var ending = ":" + port.ToString("X4", CultureInfo.InvariantCulture);
        var pattern = Encoding.ASCII.GetBytes(ending + " ");
        for (var found = list.IndexOf(pattern); found >= 0; found = list.IndexOf(pattern))
        {
            var begin = list[..found].LastIndexOf((byte)'\n') + 1;
            var length = list[found..].IndexOf((byte)'\n');
            var end = length < 0 ? list.Length : found + length;
            var fields = Encoding.ASCII.GetString(list[begin..end]).Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length > 4 && fields[1].EndsWith(ending, StringComparison.Ordinal))
            {
                sockets.Add(fields);
            }

            list = list[end..];
        }

        return sockets;
    }
}
