using System.Globalization;

namespace AccioKestrel.Checker;

/// <summary>Sizes and times in words.</summary>
internal static class Size
{
    public static string Of(long bytes) => bytes switch
    {
        >= 10L * 1024 * 1024 * 1024 => Text($"{bytes / (1024 * 1024 * 1024)} GiB"),
        >= 10L * 1024 * 1024 => Text($"{bytes / (1024 * 1024)} MiB"),
        >= 10L * 1024 => Text($"{bytes / 1024} KiB"),
        1 => "1 byte",
        _ => Text($"{bytes} bytes"),
    };

    public static string Of(TimeSpan time) => Text($"{time.TotalSeconds:0.0} s");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
