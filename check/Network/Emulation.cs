using System.Globalization;

namespace AccioKestrel.Checker;

/// <summary>A bad network: what happens to the bytes of each direction.</summary>
internal sealed record Emulation(DirectionEmulation Up, DirectionEmulation Down)
{
    /// <summary>How the network is described on the command line.</summary>
    public const string Syntax =
        "instructor, namespace, or [up:|down:]NAME=VALUE with commas between: latency=100ms, jitter=20ms, loss=5%, rate=4M (bytes/s), slice=1, stall=BYTES/SECONDS, reset=BYTES, close=1s";

    /// <summary>Nothing at all.</summary>
    public static Emulation None { get; } = new(new DirectionEmulation(), new DirectionEmulation());

    /// <summary>What the course's grader asks of the network: 100 ms of delay and a loss of 5 %; with some jitter, and one pause of 4 s, as several losses in a row make it.</summary>
    public static Emulation Instructor { get; } = Parse("latency=100ms,jitter=10ms,loss=5%,rate=4M,up:stall=4M/4s")! with { Description = "instructor" };

    /// <summary>The network of a namespace of its own, where the kernel delays and loses packets.</summary>
    public bool IsNamespace => Description is "namespace";

    /// <summary>The network inside that namespace, whose losses are the kernel's.</summary>
    public bool IsInside => Description is "inside-netem" or "inside-iptables";

    public string Description { get; private init; } = "";

    /// <summary>Reads what an option says.</summary>
    /// <returns>Null if it is not understood.</returns>
    public static Emulation? Parse(string text) => None.With(text);

    /// <summary>Adds what an option says.</summary>
    public Emulation? With(string text)
    {
        if (text is "instructor")
        {
            return Instructor with { Description = text };
        }

        if (text is "namespace" or "inside-netem")
        {
            return None with { Description = text };
        }

        if (text is "inside-iptables")
        {
            return Parse("latency=100ms")! with { Description = text };
        }

        var result = this with { Description = Description.Length == 0 ? text : $"{Description},{text}" };
        foreach (var part in text.Split(','))
        {
            var (isUp, isDown, setting) = part switch
            {
                ['u', 'p', ':', .. var rest] => (true, false, rest),
                ['d', 'o', 'w', 'n', ':', .. var rest] => (false, true, rest),
                _ => (true, true, part),
            };
            if ((isUp ? With(result.Up, setting) : result.Up) is not { } up || (isDown ? With(result.Down, setting) : result.Down) is not { } down)
            {
                return null;
            }

            result = result with { Up = up, Down = down };
        }

        return result;
    }

    private static DirectionEmulation? With(DirectionEmulation direction, string setting)
    {
        if (setting.Split('=') is not [var name, var value])
        {
            return null;
        }

        return name switch
        {
            "latency" => TimeWithUnit(value) is { } time ? direction with { Latency = time } : null,
            "jitter" => TimeWithUnit(value) is { } time ? direction with { Jitter = time } : null,
            "loss" => Part(value) is { } part ? direction with { Loss = part } : null,
            "rate" => Bytes(value) is > 0 and { } rate ? direction with { Rate = rate } : null,
            "slice" => Bytes(value) is > 0 and <= int.MaxValue and { } slice ? direction with { Slice = (int)slice } : null,
            "close" => TimeWithUnit(value) is { } time ? direction with { SlowClose = time } : null,
            "reset" => Bytes(value) is { } after ? direction with { ResetAfter = after } : null,
            "stall" when value.Split('/') is [var bytes, var time] && Bytes(bytes) is { } after && Time(time) is { } stall =>
                direction with { StallAfter = after, Stall = stall },
            _ => null,
        };
    }

    /// <summary>A time with its unit: latency=100 could mean either.</summary>
    private static TimeSpan? TimeWithUnit(string text) => text.EndsWith('s') ? Time(text) : null;

    private static TimeSpan? Time(string text)
    {
        var (number, unit) = text.EndsWith("ms", StringComparison.Ordinal) ? (text[..^2], 0.001) : (text.TrimEnd('s'), 1);
        return Number(number) is { } value and <= 3600 ? TimeSpan.FromSeconds(value * unit) : null;
    }

    /// <summary>For help texts.</summary>
    public override string ToString() => Description;

    private static double? Part(string text) =>
        Number(text.TrimEnd('%')) is { } value && value / (text.EndsWith('%') ? 100 : 1) is <= 0.9 and var part ? part : null;

    private static long? Bytes(string text)
    {
        var unit = text.Length == 0 ? 1 : text[^1] switch { 'k' or 'K' => 1024, 'M' => 1024 * 1024, 'G' => 1024 * 1024 * 1024, _ => 1 };
        return Number(unit == 1 ? text : text[..^1]) is { } value && value < 1e9 ? (long)(value * unit) : null;
    }

    private static double? Number(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) ? value : null;
}
