using System.Globalization;

namespace AccioKestrel.Terminal;

/// <summary>Formats numbers of bytes for people, in binary units and three digits.</summary>
internal static class ByteText
{
    private static readonly TimeSpan s_measurable = TimeSpan.FromMilliseconds(10);
    private static readonly string[] s_units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

    public static string Size(double bytes)
    {
        var unit = 0;
        // Not 1024: a number that would be rounded to four digits is shown in the next unit.
        for (; bytes >= 999.5; bytes /= 1024)
        {
            unit++;
        }

        var format = unit == 0 || bytes >= 99.95 ? "0" : bytes >= 9.995 ? "0.0" : "0.00";
        return string.Create(CultureInfo.InvariantCulture, $"{bytes.ToString(format, CultureInfo.InvariantCulture)} {s_units[unit]}");
    }

    /// <summary>Duration and average rate of a transfer: <c>in 2.00 s, 500 KiB/s</c>. Without a rate if the duration is too short to measure one.</summary>
    public static string InTime(long bytes, TimeSpan time) =>
        $"in {DurationText.Of(time)}{(bytes > 0 && time >= s_measurable ? $", {Size(bytes / time.TotalSeconds)}/s" : "")}";
}
