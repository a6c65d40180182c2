using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace AccioKestrel.Interop;

/// <summary>The calls for the server's sockets. All values are those of Linux, the same on all architectures that .NET supports.</summary>
internal static partial class Libc
{
    public const int EPIPE = 32;

    public const int MSG_TRUNC = 0x20;
    public const int MSG_DONTWAIT = 0x40;
    public const int MSG_NOSIGNAL = 0x4000;

    public const nuint FIONBIO = 0x5421;
    public const int EFD_CLOEXEC = 0x80000;

    [SupportedOSPlatform("linux")]
    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    public static partial nint Receive(SafeSocketHandle socket, Span<byte> buffer, nint length, int flags);

    [SupportedOSPlatform("linux")]
    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    public static partial nint Send(SafeSocketHandle socket, ReadOnlySpan<byte> bytes, nint length, int flags);

    [SupportedOSPlatform("linux")]
    [LibraryImport("libc", EntryPoint = "ioctl")]
    public static partial int Control(int descriptor, nuint request, ref int value);

    [SupportedOSPlatform("linux")]
    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    public static partial int CreateEvent(uint value, int flags);

    [SupportedOSPlatform("linux")]
    [LibraryImport("libc", EntryPoint = "eventfd_write")]
    public static partial int WriteEvent(SafeFileHandle descriptor, ulong value);
}
