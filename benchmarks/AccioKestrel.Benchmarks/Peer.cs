using System.Globalization;

namespace AccioKestrel.Benchmarks;

/// <summary>A server of the comparison. PORT in its command stands for the port.</summary>
internal sealed record Peer(string Name, Load Load, params string[] Command)
{
    public const string Native = "AccioKestrel, native";
    public const string Limit = "C, kernel's limit";
    public const string Recv = "C, recv()";
    public const string Python = "Python, recv_into()";

    public static IReadOnlyList<Peer> All(string build) =>
    [
        new(Native, Load.Accio, $"{build}/native/AccioKestrel", "PORT"),
        new("the same, --quiet", Load.Accio, $"{build}/native/AccioKestrel", "PORT", "--quiet"),
        // The same port of another protocol family, which leaves 0.0.0.0 free.
        new("the same, --status", Load.Accio, $"{build}/native/AccioKestrel", "PORT", "--status", "[::1]:PORT"),
        new("AccioKestrel, JIT", Load.Accio, $"{build}/jit/AccioKestrel", "PORT"),
        new("Kestrel's stock transport, JIT", Load.Accio, $"{build}/stock/StockKestrel", "PORT"),
        new("Kestrel's stock transport, native", Load.Accio, $"{build}/stock-native/StockKestrel", "PORT"),
        new("Bare .NET sockets, native", Load.Accio, $"{build}/bare/BareSockets", "PORT", "bare"),
        new("the same, work item queued", Load.Accio, $"{build}/bare/BareSockets", "PORT", "queued"),
        new(Limit, Load.Accio, $"{build}/accio_server", "PORT", "limit"),
        new(Recv, Load.Accio, $"{build}/accio_server", "PORT", "recv"),
        new(Python, Load.Accio, "/usr/bin/python3", $"{build}/accio_server.py", "PORT"),
        new("socat, wc -c", Load.Raw, "/usr/bin/socat", "-u", "-b", "262144", "TCP-LISTEN:PORT,reuseaddr,fork", "SYSTEM:wc -c"),
        new("iperf3 -s", Load.Iperf, "/usr/bin/iperf3", "-s", "-p", "PORT"),
    ];

    public bool IsBuilt => File.Exists(Command[0]);

    public string[] CommandFor(int port) =>
        [.. Command.Select(word => word.Replace("PORT", port.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal))];
}
