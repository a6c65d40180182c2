using System.ComponentModel;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace AccioKestrel;

/// <summary>
/// A listen socket that the process was started with, and that others hold too: its queue outlives the process, and
/// whoever is started next serves the clients in it. So nothing here may end the socket, only this process's part in it.
/// </summary>
/// <remarks>
/// To wake a blocked accept, the runtime would shut the socket down, and so disconnect all who wait. It does not touch
/// one that is not close-on-exec, which this one therefore must stay; and here no accept ever blocks: the wait for a
/// client is a wait for a wake-up as well. It costs one system call more for each client.
/// </remarks>
internal sealed partial class PassedSocket : IDisposable
{
    // Linux, the same on all its architectures that .NET runs on.
    private const nuint SetNonBlocking = 0x5421;
    private const int CloseOnExec = 0x80000;

    private readonly SafeFileHandle _wake;

    /// <param name="descriptor">Owned from now on.</param>
    /// <param name="port">The port that it must listen on.</param>
    /// <exception cref="PassedSocketException">It does not.</exception>
    public PassedSocket(int descriptor, int port)
    {
        // The runtime looks now whether the socket blocks, and makes each connection alike: connections must block.
        SetMode(descriptor, nonBlocking: 0);
        Socket = new Socket(new SafeSocketHandle(descriptor, ownsHandle: true));
        try
        {
            Check(Socket, port);
            // Behind the runtime's back, for the sake of others that accept from it: they may be faster than this one
            // after both were told of a client. The mode is shared with them, and with systemd, which only polls.
            SetMode(descriptor, nonBlocking: 1);
            // For a unit that has not said so.
            Socket.NoDelay = true;
            _wake = CreateEvent();
        }
        catch
        {
            Socket.Dispose();
            throw;
        }
    }

    public Socket Socket { get; }

    /// <summary>Blocks until a client waits, or this is disposed. Whoever accepts then may still find none.</summary>
    /// <exception cref="ObjectDisposedException">It was disposed before.</exception>
    /// <exception cref="SocketException">The kernel is short of memory.</exception>
    public void WaitForClient()
    {
        // Keeps the descriptor from being closed, and its number from meaning another one, while the kernel looks at it.
        var held = false;
        Socket.SafeHandle.DangerousAddRef(ref held);
        try
        {
            Span<Libc.PollDescriptor> descriptors =
            [
                new() { Descriptor = (int)Socket.SafeHandle.DangerousGetHandle(), Events = Libc.Readable },
                new() { Descriptor = (int)_wake.DangerousGetHandle(), Events = Libc.Readable },
            ];
            while (Libc.Poll(descriptors, (nuint)descriptors.Length, timeoutMilliseconds: -1) < 0)
            {
                if (Marshal.GetLastPInvokeError() != Libc.Interrupted)
                {
                    throw new SocketException((int)SocketError.NoBufferSpaceAvailable);
                }
            }
        }
        finally
        {
            Socket.SafeHandle.DangerousRelease();
        }
    }

    public void Dispose()
    {
        if (!_wake.IsClosed)
        {
            _ = WriteEvent(_wake, 1);
            // Returns when nobody waits any more, so that nobody needs what woke them.
            Socket.Dispose();
            _wake.Dispose();
        }
    }

    private static void Check(Socket socket, int port)
    {
        if (EndPointOf(socket) is not { } endPoint)
        {
            throw new PassedSocketException(
                "What the server was started with as its listen socket is none that listens on a TCP port; see ListenStream= in the socket unit.");
        }

        if (endPoint.Port != port)
        {
            throw new PassedSocketException(
                $"The server was started with a socket that listens on {endPoint}, and told to serve port {port}; make both the same.");
        }
    }

    /// <returns>Where it listens by TCP, or null if it does not.</returns>
    private static IPEndPoint? EndPointOf(Socket socket)
    {
        try
        {
            return socket is { SocketType: SocketType.Stream, LocalEndPoint: IPEndPoint endPoint }
                && socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.AcceptConnection) is not 0 ? endPoint : null;
        }
        catch (SocketException)
        {
            // Not a socket at all, or not even open.
            return null;
        }
    }

    private static void SetMode(int descriptor, int nonBlocking)
    {
        // A failure shows with what is done next: this is no socket.
        _ = Control(descriptor, SetNonBlocking, ref nonBlocking);
    }

    private static SafeFileHandle CreateEvent()
    {
        var descriptor = EventDescriptor(0, CloseOnExec);
        return descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw new Win32Exception();
    }

    [LibraryImport("libc", EntryPoint = "ioctl")]
    private static partial int Control(int descriptor, nuint request, ref int value);

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    private static partial int EventDescriptor(uint value, int flags);

    [LibraryImport("libc", EntryPoint = "eventfd_write")]
    private static partial int WriteEvent(SafeFileHandle descriptor, ulong value);
}
