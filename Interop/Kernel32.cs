using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace AccioKestrel.Interop;

/// <summary>Calls of Windows that .NET has no exact equivalent for.</summary>
[SupportedOSPlatform("windows")]
internal static partial class Kernel32
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(10);

    /// <summary>Whether the process has a handle for standard input (0), output (1) or error (2). A process without a console may have none.</summary>
    public static bool HasStandardHandle(int descriptor)
    {
        const nint invalid = -1;
        return StandardHandle(descriptor) is not (0 or invalid);
    }

    /// <summary>
    /// Writes bytes to standard output (1) or error (2), on a thread of its own, which begins at once. Windows has no wait for room in a pipe,
    /// and a blocked write ends only with the pipe's reader or with the process.
    /// </summary>
    /// <returns>Fails with an <see cref="IOException"/> if the system has not taken all bytes. <see cref="Console.OpenStandardOutput()"/> would not report a closed pipe.</returns>
    public static Task WriteAsync(int descriptor, byte[] bytes) => Task.Factory.StartNew(
        () => Write(StandardHandle(descriptor), bytes), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>Writes at the file position that all processes with this handle share.</summary>
    private static void Write(nint handle, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if (!WriteFile(handle, bytes, bytes.Length, out var written, overlapped: 0))
            {
                throw new IOException(Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError()));
            }

            if (written == 0)
            {
                // A full pipe that another process has made non-blocking.
                Thread.Sleep(s_pause);
            }

            bytes = bytes[written..];
        }
    }

    private static nint StandardHandle(int descriptor)
    {
        // STD_OUTPUT_HANDLE is -11, STD_ERROR_HANDLE -12.
        const int STD_INPUT_HANDLE = -10;
        return GetStdHandle(STD_INPUT_HANDLE - descriptor);
    }

    [LibraryImport("kernel32")]
    private static partial nint GetStdHandle(int standardHandle);

    [LibraryImport("kernel32", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool WriteFile(nint handle, ReadOnlySpan<byte> bytes, int length, out int written, nint overlapped);
}
