using System.Runtime.InteropServices;

namespace AccioKestrel;

/// <summary>The few calls of the C library that .NET offers no exact equivalent of.</summary>
internal static partial class Libc
{
    public const int StandardOutput = 1;

    // Errors that only ask to try again; EAGAIN differs between Linux and the BSD family.
    public const int Interrupted = 4;
    public static readonly int WouldBlock = OperatingSystem.IsLinux() ? 11 : 35;

    public const nint DefaultAction = 0;
    public const nint IgnoreAction = 1;
    public const int Interrupt = 2;
    public const int Quit = 3;
    public const int Terminate = 15;

    private const short Writable = 4;

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    public static partial nint Write(int descriptor, ReadOnlySpan<byte> bytes, nint count);

    [LibraryImport("libc", EntryPoint = "signal")]
    public static partial nint Signal(int number, nint action);

    /// <summary>Waits until the descriptor takes bytes, or has an error that the next write reports.</summary>
    public static void WaitUntilWritable(int descriptor)
    {
        var poll = new PollDescriptor { Descriptor = descriptor, Events = Writable };
        _ = Poll(ref poll, count: 1, timeoutMilliseconds: -1);
    }

    [LibraryImport("libc", EntryPoint = "poll")]
    private static partial int Poll(ref PollDescriptor descriptors, nuint count, int timeoutMilliseconds);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollDescriptor
    {
        public int Descriptor;
        public short Events;
        public short ReturnedEvents;
    }
}
