using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace AccioKestrel.Interop;

/// <summary>Calls of the C library that .NET has no exact equivalent for.</summary>
internal static partial class Libc
{
    public const int StandardOutput = 1;
    public const int StandardError = 2;

    public const int EINTR = 4;

    // Differs between Linux and the BSD family.
    public static readonly int EAGAIN = OperatingSystem.IsLinux() ? 11 : 35;

    public const nint SIG_DFL = 0;
    public const nint SIG_IGN = 1;
    public const int SIGHUP = 1;
    public const int SIGINT = 2;
    public const int SIGQUIT = 3;
    public const int SIGTERM = 15;
    public const int SIGXFSZ = 25;

    public const short POLLIN = 1;
    private const short POLLOUT = 4;

    /// <summary>Whether a call that failed with this error can be repeated: a signal interrupted it, or it would have blocked.</summary>
    public static bool CanRetry(int error) => error == EINTR || error == EAGAIN;

    [UnsupportedOSPlatform("windows")]
    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    public static partial nint Write(int descriptor, ReadOnlySpan<byte> bytes, nint count);

    /// <summary>Writes all bytes, and blocks until there is room for them.</summary>
    /// <exception cref="IOException">The descriptor does not take them.</exception>
    [UnsupportedOSPlatform("windows")]
    public static void WriteAll(int descriptor, ReadOnlySpan<byte> bytes) =>
        WriteAll(descriptor, bytes, () => WaitUntilWritable(descriptor, Timeout.InfiniteTimeSpan));

    /// <summary>Writes all bytes.</summary>
    /// <param name="descriptor">The descriptor.</param>
    /// <param name="bytes">The bytes.</param>
    /// <param name="wait">Waits for room before each write: another process may have made the descriptor non-blocking, and filled it.</param>
    /// <exception cref="IOException">The descriptor does not take them.</exception>
    [UnsupportedOSPlatform("windows")]
    public static void WriteAll(int descriptor, ReadOnlySpan<byte> bytes, Action wait)
    {
        while (!bytes.IsEmpty)
        {
            wait();
            var written = (int)Write(descriptor, bytes, bytes.Length);
            if (written >= 0)
            {
                bytes = bytes[written..];
            }
            else if (Marshal.GetLastPInvokeError() is var error && !CanRetry(error))
            {
                throw new IOException(Marshal.GetPInvokeErrorMessage(error));
            }
        }
    }

    /// <summary>
    /// Whether the process inherited this standard descriptor. If it was closed at the start, its number now belongs to a file that the
    /// runtime opened for itself, and a write would go there without an error. The runtime's own files are close-on-exec; an inherited
    /// descriptor cannot be. Windows has a handle in place of the descriptor, and none if there is nothing behind it.
    /// </summary>
    public static bool IsInherited(int descriptor)
    {
        const int F_GETFD = 1;
        return OperatingSystem.IsWindows() ? Kernel32.HasStandardHandle(descriptor) : FileControl(descriptor, F_GETFD) == 0;
    }

    [UnsupportedOSPlatform("windows")]
    [LibraryImport("libc", EntryPoint = "fcntl")]
    private static partial int FileControl(int descriptor, int command);

    [UnsupportedOSPlatform("windows")]
    [LibraryImport("libc", EntryPoint = "signal")]
    public static partial nint Signal(int number, nint action);

    /// <summary>Lets signals through that the parent process had blocked: a mask of signals is inherited. Linux only.</summary>
    public static void Unblock(ReadOnlySpan<int> signals)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        const int SIG_UNBLOCK = 1;
        // sigset_t: a bit for each signal, the first one for signal 1. It has room for more signals than there are.
        Span<ulong> set = stackalloc ulong[16];
        set.Clear();
        foreach (var signal in signals)
        {
            set[0] |= 1UL << (signal - 1);
        }

        _ = SignalMask(SIG_UNBLOCK, set, oldSet: 0);
    }

    [SupportedOSPlatform("linux")]
    [LibraryImport("libc", EntryPoint = "pthread_sigmask")]
    private static partial int SignalMask(int how, ReadOnlySpan<ulong> set, nint oldSet);

    /// <summary>Waits until the descriptor is writable, or has an error that the next write reports.</summary>
    /// <param name="descriptor">The descriptor.</param>
    /// <param name="timeout">How long to wait. A signal to the process restarts the wait.</param>
    /// <returns>False if the time has expired first.</returns>
    [UnsupportedOSPlatform("windows")]
    public static bool WaitUntilWritable(int descriptor, TimeSpan timeout) => WaitUntil(POLLOUT, descriptor, timeout);

    [UnsupportedOSPlatform("windows")]
    private static bool WaitUntil(short events, int descriptor, TimeSpan timeout)
    {
        int ready;
        do
        {
            ready = Poll([new PollDescriptor { Descriptor = descriptor, Events = events }], count: 1, (int)timeout.TotalMilliseconds);
        }
        while (ready < 0 && Marshal.GetLastPInvokeError() == EINTR);
        return ready != 0;
    }

    /// <summary>The number of columns of standard error's terminal; 0 if it is no terminal, or the terminal does not report it.</summary>
    public static int TerminalWidth()
    {
        if (!Platform.HasLinuxCalls)
        {
            return PortableTerminalWidth();
        }

        const nuint TIOCGWINSZ = 0x5413;
        var size = default(WindowSize);
        return Control(StandardError, TIOCGWINSZ, ref size) == 0 ? size.Columns : 0;
    }

    /// <summary>By the runtime: on macOS ioctl is variadic, and cannot be called like another function.</summary>
    private static int PortableTerminalWidth()
    {
        try
        {
            return Console.IsErrorRedirected ? 0 : Console.WindowWidth;
        }
        catch (IOException)
        {
            // The process has no console.
            return 0;
        }
    }

    /// <summary>Whether two descriptors refer to the same terminal. Both must be terminals.</summary>
    public static bool IsSameTerminal(int one, int other) =>
        OperatingSystem.IsWindows() || string.Equals(TerminalName(one), TerminalName(other), StringComparison.Ordinal);

    [UnsupportedOSPlatform("windows")]
    private static string? TerminalName(int descriptor) => Marshal.PtrToStringUTF8(GetTerminalName(descriptor));

    [UnsupportedOSPlatform("windows")]
    [LibraryImport("libc", EntryPoint = "ttyname")]
    private static partial nint GetTerminalName(int descriptor);

    [SupportedOSPlatform("linux")]
    [LibraryImport("libc", EntryPoint = "ioctl")]
    private static partial int Control(int descriptor, nuint request, ref WindowSize size);

    /// <summary>The process's limit of open descriptors (RLIMIT_NOFILE); <see cref="int.MaxValue"/> on systems that do not report it.</summary>
    public static long MostDescriptors()
    {
        // RLIMIT_NOFILE differs between Linux and macOS.
        var openFiles = OperatingSystem.IsMacOS() ? 8 : 7;
        return !OperatingSystem.IsWindows() && ResourceLimit(openFiles, out var limit) == 0
            ? (long)ulong.Min(limit.Soft, int.MaxValue) : int.MaxValue;
    }

    [UnsupportedOSPlatform("windows")]
    [LibraryImport("libc", EntryPoint = "getrlimit")]
    private static partial int ResourceLimit(int resource, out Limit limit);

    [UnsupportedOSPlatform("windows")]
    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    public static partial int Poll(Span<PollDescriptor> descriptors, nuint count, int timeoutMilliseconds);

    [StructLayout(LayoutKind.Sequential)]
    private struct Limit
    {
        public ulong Soft;
        public ulong Hard;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct WindowSize
    {
        public ushort Rows;
        public ushort Columns;
        public ushort Width;
        public ushort Height;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct PollDescriptor
    {
        public int Descriptor;
        public short Events;
        public short ReturnedEvents;
    }
}
