using System.Globalization;

namespace AccioKestrel.Benchmarks;

/// <summary>What /proc says about a process.</summary>
internal static class ProcessFiles
{
    private const double TicksPerSecond = 100;

    /// <summary>User plus system time of a process and of its ended children.</summary>
    /// <remarks>
    /// schedstat counts nanoseconds but forgets the threads that have ended; stat remembers them but counts in ticks of 10 ms, rounded down.
    /// Both say too little, never too much: the larger one is nearer to the truth.
    /// </remarks>
    public static double CpuSeconds(int process)
    {
        // After the name, which may hold anything: state, ..., utime, stime, cutime, cstime.
        var stat = File.ReadAllText($"/proc/{process}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        var threads = Directory.EnumerateDirectories($"/proc/{process}/task").Sum(NanosecondsOfThread) / 1e9;
        return Math.Max(threads, (Number(fields[11]) + Number(fields[12])) / TicksPerSecond) + ((Number(fields[13]) + Number(fields[14])) / TicksPerSecond);
    }

    /// <summary>VmRSS (now) or VmHWM (the most there ever was), in MiB.</summary>
    public static double MemoryMiB(int process, string field)
    {
        var line = File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith(field, StringComparison.Ordinal));
        return Number(line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1]) / (double)Bytes.KiB;
    }

    private static double NanosecondsOfThread(string directory)
    {
        try
        {
            return Number(File.ReadAllText(Path.Combine(directory, "schedstat")).Split(' ')[0]);
        }
        catch (IOException)
        {
            return 0; // the thread has ended since it was listed
        }
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
