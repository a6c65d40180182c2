using AccioKestrel.Interop;

namespace AccioKestrel.Server;

/// <summary>Whether systemd's journal reads a descriptor. The journal dates each line itself. See JOURNAL_STREAM in systemd.exec(5).</summary>
internal static class JournalStream
{
    /// <summary>Whether standard error is the stream that systemd gave to the service, and was not redirected since.</summary>
    public static bool IsStandardError()
    {
        if (!OperatingSystem.IsLinux() || Environment.GetEnvironmentVariable("JOURNAL_STREAM")?.Split(':') is not [_, var inode])
        {
            return false;
        }

        try
        {
            return $"socket:[{inode}]".Equals(new FileInfo($"/proc/self/fd/{Libc.StandardError}").LinkTarget, StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }
}
