using System.Globalization;
using System.Text;

namespace AccioKestrel.Checker;

/// <summary>The kernel's list of processes.</summary>
internal static class ProcessTable
{
    /// <summary>All processes that this user can see. Zombies are left out: they have ended.</summary>
    public static List<ProcessEntry> Read()
    {
        var entries = new List<ProcessEntry>();
        foreach (var id in Ids())
        {
            if (TryRead($"/proc/{id}/stat") is { } text && Parse(id, text) is { } entry)
            {
                entries.Add(entry);
            }
        }

        return entries;
    }

    /// <summary>The processes whose environment has this entry: children inherit it, whatever session they make for themselves.</summary>
    public static IEnumerable<int> WithEnvironment(string entry)
    {
        foreach (var id in Ids())
        {
            if (id != Environment.ProcessId && EnvironmentOf(id) is { } text && text.Contains(entry, StringComparison.Ordinal))
            {
                yield return id;
            }
        }
    }

    /// <summary>The environment that a process was started with; null if it has ended, or is another user's.</summary>
    public static string? EnvironmentOf(int id) => TryRead($"/proc/{id}/environ");

    /// <summary>The most memory that a process has had so far.</summary>
    public static long PeakBytes(int id) => Bytes(TryRead($"/proc/{id}/status"), "VmHWM:");

    /// <summary>
    /// The part of a process's resident memory that other processes account for: a page that N processes share is 1/N in each. The memory of a
    /// program that forks would otherwise be counted once for each of its processes. 0 where the kernel does not tell. To be asked only if it
    /// matters: the kernel goes through all pages for it.
    /// </summary>
    public static long SharedBytes(int id)
    {
        var text = TryRead($"/proc/{id}/smaps_rollup");
        return Bytes(text, "Pss:") is > 0 and var share ? Math.Max(0, Bytes(text, "Rss:") - share) : 0;
    }

    /// <summary>How many descriptors a process has open.</summary>
    public static int Descriptors(int id)
    {
        try
        {
            return Directory.GetFileSystemEntries($"/proc/{id}/fd").Length;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    /// <summary>
    /// How long the threads of a process have worked or been ready to work. A busy machine makes the second longer and the first shorter, so
    /// that the sum of a thread in an endless loop is the time that has passed, and that of a thread that waits is nothing.
    /// </summary>
    public static TimeSpan BusyTime(int id)
    {
        var nanoseconds = 0L;
        try
        {
            foreach (var thread in Directory.GetDirectories($"/proc/{id}/task"))
            {
                if (TryRead($"{thread}/schedstat")?.Split(' ') is [var worked, var ready, ..])
                {
                    nanoseconds += long.Parse(worked, CultureInfo.InvariantCulture) + long.Parse(ready, CultureInfo.InvariantCulture);
                }
            }
        }
        catch (IOException)
        {
            // It has ended.
        }

        return TimeSpan.FromMicroseconds(nanoseconds / 1000);
    }

    /// <summary>A size in a text of fields; 0 if there is none.</summary>
    private static long Bytes(string? text, string field)
    {
        var line = text?.Split('\n').FirstOrDefault(line => line.StartsWith(field, StringComparison.Ordinal));
        return line is null ? 0 : 1024 * long.Parse(line[field.Length..].Trim().Split(' ')[0], CultureInfo.InvariantCulture);
    }

    private static IEnumerable<int> Ids()
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var id))
            {
                yield return id;
            }
        }
    }

    private static ProcessEntry? Parse(int id, string text)
    {
        // The name, in parentheses, may hold anything.
        var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
        return fields[0] is "Z" or "X"
            ? null
            : new ProcessEntry(id, Number(fields[2]), Number(fields[3]), long.Parse(fields[21], CultureInfo.InvariantCulture) * Environment.SystemPageSize);

        static int Number(string field) => int.Parse(field, CultureInfo.InvariantCulture);
    }

    private static string? TryRead(string file)
    {
        try
        {
            // With FileShare.ReadWrite no lock is asked for. What the kernel says of a process fits in one read, but for a long environment.
            using var handle = File.OpenHandle(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var buffer = new byte[32 * 1024];
            return Encoding.Latin1.GetString(buffer, 0, RandomAccess.Read(handle, buffer, fileOffset: 0));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The process has ended, or is another user's.
            return null;
        }
    }
}
