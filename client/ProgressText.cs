using System.Diagnostics;
using System.Globalization;
using AccioKestrel.Terminal;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace AccioKestrel.Client;

/// <summary>The line about a file in transfer, and the line about its end, shortened to the terminal's width.</summary>
internal sealed class ProgressText
{
    private const int BarCells = 20;

    /// <summary>A longer name is shortened to these columns before the bar is left out.</summary>
    private const int NameCells = 8;

    private static readonly TimeSpan s_minute = TimeSpan.FromMinutes(1);

    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly RecentRate _rate = new();
    private readonly string _name;
    private readonly long? _size;
    private readonly bool _isUnicode;

    public ProgressText(string name, long? size, bool isUnicode)
    {
        _name = name;
        _size = size;
        _isUnicode = isUnicode;
    }

    /// <returns>The first text that fits. If none does, the beginning of the last one.</returns>
    public static string FirstThatFits(int room, params ReadOnlySpan<string> texts)
    {
        foreach (var text in texts)
        {
            if (text.GetCellWidth() <= room)
            {
                return text;
            }
        }

        return Shorten(texts[^1], room, "");
    }

    /// <summary>The line during the transfer.</summary>
    public IEnumerable<Segment> Moving(long bytes, int room)
    {
        var elapsed = _clock.Elapsed;
        var bytesPerSecond = _rate.Sample(bytes, elapsed);
        var rate = $"{ByteText.Size(bytesPerSecond)}/s";
        if (_size is not { } size)
        {
            var count = Count(bytes);
            return Line(room, done: 0, FirstThatFits(room, $"{count}, {rate}, {Whole(elapsed)}", $"{count}, {rate}", count, ByteText.Size(bytes)));
        }

        var done = Math.Min(1, (double)bytes / size);
        var percent = Percent(done);
        var left = bytesPerSecond >= 1 ? $", {Whole(TimeSpan.FromSeconds(Math.Min(360_000, Math.Max(0, size - bytes) / bytesPerSecond)))} left" : "";
        return Line(room, done, FirstThatFits(
            room,
            $"{percent}  {rate}{left}, {ByteText.Size(bytes)} of {ByteText.Size(size)}",
            $"{percent}  {rate}{left}",
            $"{percent}  {rate}",
            percent));
    }

    /// <summary>The line that stays: size, elapsed time and average rate.</summary>
    public IEnumerable<Segment> Ended(long bytes, bool isComplete, int room)
    {
        var elapsed = _clock.Elapsed;
        var time = DurationText.Of(elapsed);
        var size = ByteText.Size(bytes);
        var result = $"{size} {ByteText.InTime(bytes, elapsed)}";
        if (_size is not { } full)
        {
            return Line(room, done: 0, FirstThatFits(room, $"{Count(bytes)} {ByteText.InTime(bytes, elapsed)}", result, $"{size} in {time}", size));
        }

        // The file may have become shorter during the transfer. It is complete all the same.
        var done = isComplete ? 1 : Math.Min(1, (double)bytes / full);
        return Line(room, done, FirstThatFits(room, $"{Percent(done)}  {result}", result, $"{size} in {time}", size));
    }

    private IEnumerable<Segment> Line(int room, double done, string details)
    {
        var free = room - details.GetCellWidth();
        var shortest = Math.Min(NameCells, _name.GetCellWidth());
        var withBar = _size is not null && free >= shortest + BarCells + 2;
        free -= withBar ? BarCells + 2 : 2;
        if (free >= shortest)
        {
            yield return new Segment(Shorten(_name, free, _isUnicode ? "…" : "~") + (withBar ? " " : ": "));
        }

        if (withBar)
        {
            var filled = (int)(BarCells * done);
            yield return new Segment(new string(_isUnicode ? '━' : '#', filled), new Style(Color.Green));
            yield return new Segment(new string(_isUnicode ? '─' : '-', BarCells - filled) + " ", new Style(Color.Grey));
        }

        yield return new Segment(details);
    }

    private static string Shorten(string text, int room, string mark)
    {
        if (text.GetCellWidth() <= room)
        {
            return text;
        }

        var length = text.Length;
        while (length > 0 && text[..length].GetCellWidth() > room - mark.Length)
        {
            length--;
        }

        return text[..length] + mark;
    }

    private static string Count(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes:N0} bytes");

    private static string Percent(double done) => string.Create(CultureInfo.InvariantCulture, $"{(int)(100 * done),3}%");

    private static string Whole(TimeSpan time) => time < s_minute
        ? string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalSeconds} s")
        : DurationText.Clock(time);
}
