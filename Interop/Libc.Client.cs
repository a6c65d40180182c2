using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace AccioKestrel.Interop;

/// <summary>The calls that only the client needs.</summary>
/// <remarks>
/// <see cref="Socket.SendFile(string)"/> makes the same call as <see cref="SendFile"/>, but for the whole file: its caller sees neither
/// progress nor a stall.
/// </remarks>
internal static partial class Libc
{
    public const int StandardInput = 0;

    // Values of Linux, the same on all architectures that .NET supports.
    public const int EINVAL = 22;
    public const int ENOSPC = 28;
    public const int ENOSYS = 38;

    /// <summary>Sends from a file inside the kernel, without copying through this process.</summary>
    /// <param name="socket">A non-blocking socket.</param>
    /// <param name="file">The file, whose own position moves on.</param>
    /// <param name="offset">Zero, for the file's own position.</param>
    /// <param name="count">The most bytes to send.</param>
    /// <returns>How many bytes were sent, 0 at the end of the file, or -1 for an error.</returns>
    [SupportedOSPlatform("linux")]
    [LibraryImport("libc", EntryPoint = "sendfile", SetLastError = true)]
    public static partial nint SendFile(SafeSocketHandle socket, SafeFileHandle file, nint offset, nint count);

    /// <summary>Reads from the file's own position, which moves on.</summary>
    /// <returns>How many bytes were read, 0 at the end of the file, or -1 for an error.</returns>
    [UnsupportedOSPlatform("windows")]
    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    public static partial nint Read(SafeFileHandle file, Span<byte> buffer, nint count);

    /// <summary>Waits until the file has bytes, is at its end, or has an error that the next read reports.</summary>
    /// <returns>False if the time has expired first.</returns>
    [UnsupportedOSPlatform("windows")]
    public static bool WaitUntilReadable(SafeFileHandle file, TimeSpan time) => WaitUntil(POLLIN, (int)file.DangerousGetHandle(), time);

    /// <summary>Stops this process, as Ctrl+Z does, until it receives SIGCONT.</summary>
    [UnsupportedOSPlatform("windows")]
    public static void Stop()
    {
        // Differs between Linux and macOS.
        var stop = OperatingSystem.IsMacOS() ? 17 : 19;
        _ = Kill(Environment.ProcessId, stop);
    }

    [UnsupportedOSPlatform("windows")]
    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);

    /// <summary>Whether the connection has ended in both directions, by an error or a reset.</summary>
    [SupportedOSPlatform("linux")]
    public static bool IsHungUp(SafeSocketHandle socket)
    {
        const short POLLERR = 0x08;
        const short POLLHUP = 0x10;
        Span<PollDescriptor> descriptors = [new PollDescriptor { Descriptor = (int)socket.DangerousGetHandle() }];
        _ = Poll(descriptors, count: 1, timeoutMilliseconds: 0);
        return (descriptors[0].ReturnedEvents & (POLLERR | POLLHUP)) != 0;
    }
}
