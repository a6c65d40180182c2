using System.Runtime.InteropServices;
using AccioKestrel.Interop;
using Microsoft.Win32.SafeHandles;

namespace AccioKestrel.Server;

/// <summary>An open file of lines that this process appends to, beside others. It can be moved and deleted meanwhile.</summary>
internal sealed class AppendedFile : IDisposable
{
    private readonly SafeFileHandle _file;
    private readonly (uint Major, uint Minor, ulong Inode)? _identity;

    /// <summary>Opens the file, or creates it.</summary>
    /// <exception cref="IOException">It cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be opened.</exception>
    public AppendedFile(string path)
    {
        _file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        try
        {
            Libc.FileStatus? status = null;
            if (Platform.HasLinuxCalls)
            {
                Libc.SetAppend(_file);
                status = Libc.StatusOf(_file);
                _identity = status?.Identity;
            }

            // A device or a pipe has no last line, and nothing to read.
            if (status is not { IsRegular: false })
            {
                CompleteLastLine();
                Length = CurrentLength();
            }
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    /// <summary>The length of the file when it was opened; 0 for what is no regular file.</summary>
    public long Length { get; }

    /// <summary>
    /// Whether the file has been deleted. What is appended to it is lost when it is closed. Other systems than Linux do not tell a deleted
    /// file from a moved one: there a file that is not in its place counts as deleted.
    /// </summary>
    public bool IsDeleted(string path) => Platform.HasLinuxCalls ? Libc.StatusOf(_file) is { IsDeleted: true } : !File.Exists(path);

    /// <summary>Whether the path still leads to this file. Other systems than Linux do not say so: there it is opened again for each line.</summary>
    public bool IsAt(string path) => Platform.HasLinuxCalls && Libc.StatusOf(path)?.Identity == _identity;

    /// <summary>Appends bytes in one write, unless the kernel takes only a part of them.</summary>
    /// <exception cref="IOException">They, or a part of them, could not be written.</exception>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (!Platform.HasLinuxCalls)
        {
            try
            {
                // Not atomic: two servers with the same file can overwrite each other's lines.
                RandomAccess.Write(_file, bytes, CurrentLength());
                return;
            }
            catch (Exception exception) when (exception is not IOException)
            {
                // The runtime throws others for some errors of the system, such as ArgumentOutOfRangeException for EFBIG.
                throw new IOException(exception.Message, exception);
            }
        }

        while (!bytes.IsEmpty)
        {
            var written = Libc.Write(_file, bytes, bytes.Length);
            if (written >= 0)
            {
                bytes = bytes[(int)written..];
            }
            else
            {
                ThrowUnlessInterrupted();
            }
        }
    }

    /// <summary>Waits until the disk has what was appended.</summary>
    /// <exception cref="IOException">The disk does not take it.</exception>
    public void Sync()
    {
        if (!Platform.HasLinuxCalls)
        {
            RandomAccess.FlushToDisk(_file);
            return;
        }

        while (Libc.Sync(_file) != 0)
        {
            ThrowUnlessInterrupted();
        }
    }

    public void Dispose() => _file.Dispose();

    private static void ThrowUnlessInterrupted()
    {
        var error = Marshal.GetLastPInvokeError();
        if (error != Libc.EINTR)
        {
            throw new IOException(Marshal.GetPInvokeErrorMessage(error));
        }
    }

    private long CurrentLength()
    {
        try
        {
            return RandomAccess.GetLength(_file);
        }
        catch (NotSupportedException)
        {
            // A device or a pipe, where the system does not say so before.
            return 0;
        }
    }

    /// <summary>Ends a line that a crash or a full disk has cut off. Otherwise the next one would be a part of it.</summary>
    private void CompleteLastLine()
    {
        var length = CurrentLength();
        Span<byte> last = [(byte)'\n'];
        if (length > 0 && RandomAccess.Read(_file, last, length - 1) == 1 && last[0] != '\n')
        {
            Append("\n"u8);
        }
    }
}
