using System.Globalization;

namespace AccioKestrel.Benchmarks;

/// <summary>Samples of one figure in three numbers.</summary>
internal sealed record Summary(double Median, double Min, double Max)
{
    public static Summary? Of(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted is [] ? null : new((sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2, sorted[0], sorted[^1]);
    }

    public override string ToString() => $"{Format(Median)} ({Format(Min)}–{Format(Max)})";

    /// <summary>Three significant digits, without an exponent.</summary>
    public static string Format(double value) => value.ToString(
        Math.Abs(value) switch { >= 100 => "N0", >= 10 => "F1", >= 1 => "F2", >= 0.1 => "F3", _ => "F4" },
        CultureInfo.InvariantCulture);
}
