using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace AccioKestrel.Testing;

/// <summary>A listen socket that the test holds, as systemd does for a socket unit, and starts programs with.</summary>
internal sealed class HeldSocket : IDisposable
{
    private const int SetDescriptorFlags = 2;

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public HeldSocket(bool blocking = true)
    {
        _socket.Blocking = blocking;
        _socket.Bind(new IPEndPoint(IPAddress.Any, 0));
        _socket.Listen();
        // Not close-on-exec: the shell below takes it from here.
        Assert.Equal(0, Control(Descriptor, SetDescriptorFlags, 0));
    }

    public int Port => ((IPEndPoint)_socket.LocalEndPoint!).Port;

    private int Descriptor => (int)_socket.SafeHandle.DangerousGetHandle();

    /// <summary>Starts the server with this socket on its own port, and waits until it listens.</summary>
    public Task<AccioServer> StartAsync() => AccioServer.AttachAsync(Start(AccioServer.Binary, AccioServer.Number(Port)), Port);

    /// <summary>Starts any program with this socket.</summary>
    public ChildProcess Start(string program, params string[] arguments) => Start([("accio", this)], program, arguments);

    /// <summary>Starts any program with some sockets, in this order.</summary>
    public static ChildProcess Start((string Name, HeldSocket Socket)[] sockets, string program, params string[] arguments)
    {
        var redirections = string.Concat(sockets.Select((socket, index) => $" {3 + index}<&{socket.Socket.Descriptor}"));
        var names = string.Join(':', sockets.Select(socket => socket.Name));
        // The process that is told so is the one that the shell becomes.
        var script = $"""exec{redirections}; LISTEN_PID=$$ LISTEN_FDS={sockets.Length} LISTEN_FDNAMES={names} exec "$0" "$@" """;
        return new ChildProcess("/bin/bash", ["-c", script, program, .. arguments]);
    }

    public Task<AccioClient> ConnectAsync() => AccioClient.ConnectAsync(Port);

    public void Dispose() => _socket.Dispose();

    [DllImport("libc", EntryPoint = "fcntl")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Control(int descriptor, int command, int flags);
}
