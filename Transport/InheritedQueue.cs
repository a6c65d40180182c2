using System.ComponentModel;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using AccioKestrel.Interop;
using Microsoft.Win32.SafeHandles;

namespace AccioKestrel.Transport;

/// <summary>
/// A listen socket that the process inherited and shares with the service manager. Its queue outlives the process, and the next
/// process serves the clients in it. So this class closes only its own descriptor, and never shuts the socket down.
/// </summary>
/// <remarks>
/// To wake a blocked accept, the runtime would shut the socket down, which disconnects all waiting clients. It does so only for
/// sockets that are close-on-exec, so this one must not be. And no accept blocks here: <see cref="WaitForClient"/> polls the socket
/// and an event, which costs one more system call for each client.
/// </remarks>
[SupportedOSPlatform("linux")]
internal sealed class InheritedQueue : AcceptQueue
{
    private readonly SafeFileHandle _wake;

    /// <summary>How many clients had connected before this process set the options that connections inherit.</summary>
    private int _earlier;

    private InheritedQueue(Socket socket, SafeFileHandle wake)
        : base(socket)
    {
        _wake = wake;
        _earlier = Length;
    }

    public override bool DisconnectsOnDispose => false;

    /// <param name="descriptor">The socket's descriptor, which the queue owns from now on.</param>
    /// <param name="port">The port that the socket must listen on.</param>
    /// <exception cref="InheritedSocketException">The socket does not listen on that port.</exception>
    public static InheritedQueue Open(int descriptor, int port)
    {
        // The runtime gives each accepted connection the mode that the listen socket has now. Connections must block.
        SetMode(descriptor, nonBlocking: 0);
        var socket = new Socket(new SafeSocketHandle(descriptor, ownsHandle: true));
        try
        {
            Check(socket, port);
            // The runtime must not see this: it would make the connections non-blocking too. Another process that accepts from the
            // same socket can take the client between poll and accept, and a blocking accept would then hang. All processes
            // share the mode; systemd is not affected, because it only polls.
            SetMode(descriptor, nonBlocking: 1);
            // The socket unit may lack NoDelay=.
            socket.NoDelay = true;
            PlatformSocket.SetInheritedOptions(socket);
            return new InheritedQueue(socket, CreateEvent());
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override Socket? Accept(CancellationToken stopping)
    {
        while (true)
        {
            WaitForClient();
            if (stopping.IsCancellationRequested)
            {
                // The client stays in the queue, and is served by the next process.
                return null;
            }

            try
            {
                return Prepare(Socket.Accept());
            }
            catch (SocketException exception) when (exception.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock)
            {
                // Another process that accepts from the same socket was faster.
            }
        }
    }

    private Socket Prepare(Socket accepted)
    {
        if (_earlier > 0)
        {
            _earlier--;
            try
            {
                PlatformSocket.SetInheritedOptions(accepted);
            }
            catch (SocketException)
            {
                // The client has reset the connection, which the next use of the socket reports.
            }
        }

        return accepted;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_wake.IsClosed)
        {
            _ = Libc.WriteEvent(_wake, 1);
            // Waits until no poll holds the descriptor, so that the event can be closed after it.
            base.Dispose(disposing);
            _wake.Dispose();
        }
    }

    /// <summary>Blocks until a client waits, or this object is disposed.</summary>
    /// <exception cref="ObjectDisposedException">This object was disposed before the call.</exception>
    /// <exception cref="SocketException">The kernel is short of memory.</exception>
    private void WaitForClient()
    {
        // Keeps the descriptor open during the poll: its number could otherwise be reused for another file.
        var held = false;
        Socket.SafeHandle.DangerousAddRef(ref held);
        try
        {
            Span<Libc.PollDescriptor> descriptors =
            [
                new() { Descriptor = (int)Socket.SafeHandle.DangerousGetHandle(), Events = Libc.POLLIN },
                new() { Descriptor = (int)_wake.DangerousGetHandle(), Events = Libc.POLLIN },
            ];
            while (Libc.Poll(descriptors, (nuint)descriptors.Length, timeoutMilliseconds: -1) < 0)
            {
                if (Marshal.GetLastPInvokeError() != Libc.EINTR)
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

    private static void Check(Socket socket, int port)
    {
        if (EndPointOf(socket) is not { } endPoint)
        {
            throw new InheritedSocketException(
                "The inherited listen socket does not listen on a TCP port; see ListenStream= in the socket unit.");
        }

        if (endPoint.Port != port)
        {
            throw new InheritedSocketException(
                $"The inherited listen socket listens on {endPoint}, and PORT is {port}; make both the same.");
        }
    }

    /// <returns>The socket's address and port, or null if it does not listen by TCP.</returns>
    private static IPEndPoint? EndPointOf(Socket socket)
    {
        try
        {
            return socket is { SocketType: SocketType.Stream, LocalEndPoint: IPEndPoint endPoint }
                && socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.AcceptConnection) is not 0 ? endPoint : null;
        }
        catch (SocketException)
        {
            // The descriptor is closed, or not a socket.
            return null;
        }
    }

    private static void SetMode(int descriptor, int nonBlocking)
    {
        // Fails only for a descriptor that is no socket, which Check reports.
        _ = Libc.Control(descriptor, Libc.FIONBIO, ref nonBlocking);
    }

    private static SafeFileHandle CreateEvent()
    {
        var descriptor = Libc.CreateEvent(0, Libc.EFD_CLOEXEC);
        return descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw new Win32Exception();
    }
}
