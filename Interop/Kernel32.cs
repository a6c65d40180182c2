using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace AccioKestrel.Interop;

/// <summary>Calls of Windows that .NET has no exact equivalent for.</summary>
[SupportedOSPlatform("windows")]
internal static partial class Kernel32
{
    public const int STD_OUTPUT_HANDLE = -11;
    public const int STD_ERROR_HANDLE = -12;
    // The numbers descend from input to error.
    private const int STD_INPUT_HANDLE = -10;

    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(10);

    /// <summary>Whether the process has a handle for standard input (0), output (1) or error (2). A process without a console may have none.</summary>
    public static bool HasStandardHandle(int descriptor)
    {
        const nint invalid = -1;
        return GetStdHandle(STD_INPUT_HANDLE - descriptor) is not (0 or invalid);
    }

    /// <summary>Writes bytes to a standard handle, at the file position that all processes with this handle share.</summary>
    /// <exception cref="IOException">The system has not taken all bytes. <see cref="Console.OpenStandardOutput()"/> would not report a closed pipe.</exception>
    public static void Write(int standardHandle, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if (!WriteFile(GetStdHandle(standardHandle), bytes, bytes.Length, out var written, overlapped: 0))
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

    /// <summary>
    /// Writes on a thread of its own, which begins at once. Windows has no wait for room in a pipe, and a blocked write ends only with the
    /// pipe's reader or with the process.
    /// </summary>
    public static Task WriteAsync(int standardHandle, byte[] bytes) => Task.Factory.StartNew(
        () => Write(standardHandle, bytes), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    [LibraryImport("kernel32")]
    private static partial nint GetStdHandle(int standardHandle);

    [LibraryImport("kernel32", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool WriteFile(nint handle, ReadOnlySpan<byte> bytes, int length, out int written, nint overlapped);
}
