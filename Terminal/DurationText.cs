using System.Globalization;

namespace AccioKestrel.Terminal;

/// <summary>Formats durations for people, with three or four significant digits.</summary>
internal static class DurationText
{
    public static string Of(TimeSpan time) => time.TotalSeconds switch
    {
        < 0.001 => "less than 1 ms",
        < 0.9995 => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0} ms"),
        < 59.995 => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.00} s"),
        _ => Clock(time),
    };

    /// <summary>Hours, minutes and seconds, such as 0:01:05.</summary>
    public static string Clock(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{(long)time.TotalHours}:{time:mm\\:ss}");
}
