using System.Globalization;

namespace AccioKestrel;

/// <summary>Numbers of bytes for people: binary units, three digits.</summary>
internal static class ByteText
{
    private static readonly string[] s_units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

    public static string Size(double bytes)
    {
        var unit = 0;
        // Not 1024: what would be rounded to four digits belongs to the next unit.
        for (; bytes >= 999.5; bytes /= 1024)
        {
            unit++;
        }

        var format = unit == 0 || bytes >= 99.95 ? "0" : bytes >= 9.995 ? "0.0" : "0.00";
        return string.Create(CultureInfo.InvariantCulture, $"{bytes.ToString(format, CultureInfo.InvariantCulture)} {s_units[unit]}");
    }

    public static string Rate(double bytes, TimeSpan time) =>
        time > TimeSpan.Zero ? $"{Size(bytes / time.TotalSeconds)}/s" : "";
}
