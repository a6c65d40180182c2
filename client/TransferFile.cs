using Microsoft.Win32.SafeHandles;

namespace AccioKestrel.Client;

/// <summary>What is sent: a file, or whatever is behind standard input.</summary>
internal static class TransferFile
{
    private const string StandardInput = "-";

    /// <summary>Opens it without a buffer of its own: it is read in large pieces, or not by this process at all.</summary>
    /// <exception cref="IOException">There is no such file, or it cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static FileStream Open(string path)
    {
        if (path is StandardInput)
        {
            return new FileStream(new SafeFileHandle(0, ownsHandle: false), FileAccess.Read, bufferSize: 0);
        }

        if (Directory.Exists(path))
        {
            throw new TransferException($"'{path}' is a directory, not a file.");
        }

        // Others may go on writing to it, as to a log.
        return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
    }

    /// <summary>What to call it.</summary>
    public static string NameOf(string path) => path is StandardInput ? "standard input" : Path.GetFileName(path);

    /// <summary>How many bytes it has left, or null if it does not say: a pipe, or one of the kernel's files.</summary>
    public static long? SizeOf(FileStream file) => file.CanSeek && file.Length > file.Position ? file.Length - file.Position : null;
}
