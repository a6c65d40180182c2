using System.Runtime.InteropServices;
using AccioKestrel.Interop;
using Microsoft.Win32.SafeHandles;

namespace AccioKestrel.Client;

/// <summary>The source of a transfer: a file, or standard input.</summary>
internal sealed class TransferFile : IDisposable
{
    private const string StandardInput = "-";

    private readonly Stream _stream;
    private readonly SafeFileHandle? _handle;
    private readonly string _path;
    private Task<int>? _reading;

    private TransferFile(string path, Stream stream)
    {
        _path = path;
        _stream = stream;
        // Asked for once: each time the stream would set the file back to its own position, which reads and sends by the kernel do not move.
        _handle = (stream as FileStream)?.SafeFileHandle;
        // A read of zero bytes fails on a directory and on a descriptor that is open for writing only, and takes no byte.
        if (!OperatingSystem.IsWindows() && Libc.Read(Handle, [], 0) < 0)
        {
            throw Unreadable();
        }
    }

    /// <summary>Its name in messages.</summary>
    public string Name => _path is StandardInput ? "standard input" : Printable.Of(Path.GetFileName(_path));

    /// <summary>The file's handle. Throws on Windows for standard input, which has none there.</summary>
    public SafeFileHandle Handle => _handle ?? throw new InvalidOperationException("Standard input has no handle on this system.");

    /// <summary>How many bytes remain, or null if the file does not report its size: a pipe, or a file in /proc.</summary>
    public long? Size => _stream.CanSeek && _stream.Length > _stream.Position ? _stream.Length - _stream.Position : null;

    /// <summary>Opens the file, without a buffer: it is read in large pieces, or by the kernel alone.</summary>
    /// <exception cref="IOException">The file does not exist, or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The user has no permission to read it.</exception>
    public static TransferFile Open(string path)
    {
        if (path is StandardInput)
        {
            return OpenStandardInput();
        }

        if (Directory.Exists(path))
        {
            throw new TransferException($"'{path}' is a directory, not a file.");
        }

        // Other processes may go on writing to the file, such as a log.
        return new TransferFile(path, new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0));
    }

    /// <summary>Reads the bytes that are available. Waits if there are none.</summary>
    /// <param name="buffer">Receives the bytes. The same one again after null was returned.</param>
    /// <param name="time">How long to wait.</param>
    /// <returns>How many bytes were read, 0 at the end of the file, or null if nothing came in that time.</returns>
    /// <exception cref="TransferException">The file cannot be read.</exception>
    public int? Read(byte[] buffer, TimeSpan time)
    {
        if (OperatingSystem.IsWindows())
        {
            return ReadOnAnotherThread(buffer, time);
        }

        if (!Libc.WaitUntilReadable(Handle, time))
        {
            return null;
        }

        var count = Libc.Read(Handle, buffer, buffer.Length);
        if (count >= 0)
        {
            return (int)count;
        }

        // The pipe may be non-blocking, and another process may have read the bytes first.
        return Libc.CanRetry(Marshal.GetLastPInvokeError()) ? null : throw Unreadable();
    }

    public void Dispose() => _stream.Dispose();

    /// <summary>Windows has no wait for the bytes of a pipe.</summary>
    private int? ReadOnAnotherThread(byte[] buffer, TimeSpan time)
    {
        _reading ??= Task.Run(() => _stream.Read(buffer));
        if (Task.WaitAny([_reading], time) < 0)
        {
            return null;
        }

        try
        {
            return _reading.GetAwaiter().GetResult();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(_path, exception.Message);
        }
        finally
        {
            _reading = null;
        }
    }

    private static TransferFile OpenStandardInput()
    {
        if (!Libc.IsInherited(Libc.StandardInput))
        {
            throw new TransferException("Standard input is closed: redirect it from a file or a pipe, or name a file instead of -.");
        }

        try
        {
            // On Windows standard input is no descriptor.
            return new TransferFile(StandardInput, OperatingSystem.IsWindows()
                ? Console.OpenStandardInput()
                : new FileStream(new SafeFileHandle(Libc.StandardInput, ownsHandle: false), FileAccess.Read, bufferSize: 0));
        }
        catch (Exception exception) when (exception is not TransferException and (IOException or UnauthorizedAccessException or ArgumentException))
        {
            throw Unreadable(StandardInput, exception.Message);
        }
    }

    private TransferException Unreadable() => Unreadable(_path, Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError()));

    private static TransferException Unreadable(string path, string reason) =>
        new($"Cannot read {(path is StandardInput ? "standard input" : $"'{Printable.Of(path)}'")}: {SystemMessage.Clause(reason)}. It must be a file, a pipe or a terminal that is open for reading.");
}
