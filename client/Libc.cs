using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace AccioKestrel.Client;

/// <summary>The one call of the C library that .NET offers no exact equivalent of, and the errors that it is asked about.</summary>
/// <remarks>
/// <see cref="Socket.SendFile(string)"/> makes the same call, but for the whole file: nobody would learn how far it is,
/// nor whether it has stalled.
/// </remarks>
internal static partial class Libc
{
    // Linux, the same on all its architectures that .NET runs on.
    public const int Interrupted = 4;
    public const int WouldBlock = 11;
    public const int InvalidArgument = 22;
    public const int NotImplemented = 38;

    /// <summary>Lets the kernel send from a file, with no copy in this process.</summary>
    /// <param name="socket">A non-blocking socket.</param>
    /// <param name="file">The file, whose own position moves on.</param>
    /// <param name="offset">Zero, for the file's own position.</param>
    /// <param name="count">How many bytes at the most.</param>
    /// <returns>How many bytes were sent, 0 at the end of the file, or -1 for an error.</returns>
    [LibraryImport("libc", EntryPoint = "sendfile", SetLastError = true)]
    public static partial nint SendFile(SafeSocketHandle socket, SafeFileHandle file, nint offset, nint count);
}
