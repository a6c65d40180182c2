using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace AccioKestrel.Interop;

/// <summary>The calls for a file that others move while this process appends to it.</summary>
internal static partial class Libc
{
    private const uint TypeLinksAndInode = 0x1 | 0x4 | 0x100;

    /// <summary>Lets each write append, whatever other processes have appended meanwhile.</summary>
    [SupportedOSPlatform("linux")]
    public static void SetAppend(SafeFileHandle file)
    {
        const int F_SETFL = 4;
        const int O_APPEND = 0x400;
        _ = FileControl(file, F_SETFL, O_APPEND);
    }

    /// <returns>Null if there is no such file, or it cannot be looked at.</returns>
    [SupportedOSPlatform("linux")]
    public static FileStatus? StatusOf(string path)
    {
        const int AT_FDCWD = -100;
        return GetStatus(AT_FDCWD, path, flags: 0, TypeLinksAndInode, out var status) == 0 ? status : null;
    }

    [SupportedOSPlatform("linux")]
    public static FileStatus? StatusOf(SafeFileHandle file)
    {
        const int AT_EMPTY_PATH = 0x1000;
        return GetStatus(file, "", AT_EMPTY_PATH, TypeLinksAndInode, out var status) == 0 ? status : null;
    }

    // Not stat, whose structure is another one on each architecture.
    [SupportedOSPlatform("linux")]
    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int GetStatus(int directory, string path, int flags, uint mask, out FileStatus status);

    [SupportedOSPlatform("linux")]
    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int GetStatus(SafeFileHandle file, string path, int flags, uint mask, out FileStatus status);

    [SupportedOSPlatform("linux")]
    [LibraryImport("libc", EntryPoint = "fcntl")]
    private static partial int FileControl(SafeFileHandle file, int command, int argument);

    [SupportedOSPlatform("linux")]
    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    public static partial nint Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, nint count);

    /// <summary>Waits until the disk has the file. <see cref="RandomAccess.FlushToDisk"/> does not report its errors.</summary>
    [SupportedOSPlatform("linux")]
    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    public static partial int Sync(SafeFileHandle file);

    /// <summary>struct statx.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    internal struct FileStatus
    {
        [FieldOffset(16)]
        private uint _links;

        [FieldOffset(28)]
        private ushort _mode;

        [FieldOffset(32)]
        private ulong _inode;

        [FieldOffset(136)]
        private uint _deviceMajor;

        [FieldOffset(140)]
        private uint _deviceMinor;

        /// <summary>Device and inode. No two files have the same while both exist.</summary>
        public readonly (uint Major, uint Minor, ulong Inode) Identity => (_deviceMajor, _deviceMinor, _inode);

        /// <summary>Whether no path leads to the file any more.</summary>
        public readonly bool IsDeleted => _links == 0;

        /// <summary>Whether it is no device, pipe or directory.</summary>
        public readonly bool IsRegular => (_mode & 0xF000) == 0x8000;
    }
}
