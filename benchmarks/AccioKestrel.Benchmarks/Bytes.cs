using System.Globalization;

namespace AccioKestrel.Benchmarks;

internal static class Bytes
{
    public const long KiB = 1L << 10;
    public const long MiB = 1L << 20;
    public const long GiB = 1L << 30;

    public static long Parse(string text)
    {
        var (unit, suffix) = text switch
        {
            _ when text.EndsWith("GiB", StringComparison.Ordinal) => (GiB, 3),
            _ when text.EndsWith("MiB", StringComparison.Ordinal) => (MiB, 3),
            _ when text.EndsWith("KiB", StringComparison.Ordinal) => (KiB, 3),
            _ => (1, 0),
        };
        return long.Parse(text.AsSpan(0, text.Length - suffix), CultureInfo.InvariantCulture) * unit;
    }

    public static string Format(long bytes) => bytes switch
    {
        >= GiB when bytes % GiB == 0 => $"{bytes / GiB} GiB",
        >= MiB when bytes % MiB == 0 => $"{bytes / MiB} MiB",
        >= 1000 when bytes % 1000 == 0 => $"{bytes / 1000} kB",
        _ => $"{bytes} B",
    };
}
