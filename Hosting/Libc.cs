using System.Runtime.InteropServices;

namespace AccioKestrel;

/// <summary>The few calls of the C library that .NET offers no exact equivalent of.</summary>
internal static partial class Libc
{
    public const int StandardOutput = 1;
    public const int StandardError = 2;

    // Errors that only ask to try again; EAGAIN differs between Linux and the BSD family.
    public const int Interrupted = 4;
    public static readonly int WouldBlock = OperatingSystem.IsLinux() ? 11 : 35;

    public const nint DefaultAction = 0;
    public const nint IgnoreAction = 1;
    public const int Interrupt = 2;
    public const int Quit = 3;
    public const int Terminate = 15;
    public const int FileSizeExceeded = 25;

    public const short Readable = 1;
    private const short Writable = 4;

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    public static partial nint Write(int descriptor, ReadOnlySpan<byte> bytes, nint count);

    /// <summary>
    /// Whether the process was started with this one of its standard descriptors. If not, something that the runtime has
    /// opened for itself has its number, and what is written there goes astray without an error. Such things are closed on
    /// exec, which what was inherited by an exec cannot be.
    /// </summary>
    public static bool IsInherited(int descriptor)
    {
        const int getFlags = 1;
        return OperatingSystem.IsWindows() || DescriptorControl(descriptor, getFlags) == 0;
    }

    [LibraryImport("libc", EntryPoint = "fcntl")]
    private static partial int DescriptorControl(int descriptor, int command);

    [LibraryImport("libc", EntryPoint = "signal")]
    public static partial nint Signal(int number, nint action);

    /// <summary>Waits until the descriptor takes bytes, or has an error that the next write reports.</summary>
    public static void WaitUntilWritable(int descriptor)
    {
        _ = Poll([new PollDescriptor { Descriptor = descriptor, Events = Writable }], count: 1, timeoutMilliseconds: -1);
    }

    /// <summary>The number of columns of the terminal that the descriptor is; 0 if it is none, or does not tell. Linux only.</summary>
    public static int TerminalWidth(int descriptor)
    {
        const nuint getWindowSize = 0x5413;
        var size = default(WindowSize);
        return OperatingSystem.IsLinux() && Control(descriptor, getWindowSize, ref size) == 0 ? size.Columns : 0;
    }

    [LibraryImport("libc", EntryPoint = "ioctl")]
    private static partial int Control(int descriptor, nuint request, ref WindowSize size);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    public static partial int Poll(Span<PollDescriptor> descriptors, nuint count, int timeoutMilliseconds);

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
