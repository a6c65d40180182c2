using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Series;

namespace AccioKestrel.Benchmarks;

/// <summary>The medians as one picture: a row a server, a column a figure.</summary>
internal static class Chart
{
    private const double RowHeight = 60;
    private const double Gap = 0.02;

    private static readonly (string Title, string Format, Metric Metric, string[] Work)[] s_columns =
    [
        ("throughput, GiB/s", "0.00", Metric.Throughput, ["large-send", "large-sendfile"]),
        ("CPU, s/GiB", "0.000", Metric.CpuPerGiB, ["large-send", "large-sendfile"]),
        ("peak, MiB", "0", Metric.Peak, ["large-send", "large-sendfile"]),
        ("500 B, one core, exchanges/s", "N0", Metric.ExchangesPerSecond, ["loop-500-one"]),
        ("500 B, one core, CPU µs each", "0", Metric.CpuPerExchange, ["loop-500-one"]),
        ("exec to first answer, ms", "0.0", Metric.Start, ["start"]),
    ];

    public static string Svg(Results results)
    {
        var model = new PlotModel
        {
            Title = "AccioKestrel beside its peers, medians (blue: send(), orange: sendfile())",
            Background = OxyColors.White,
            DefaultFont = "Helvetica, Arial, sans-serif",
            // The exporter measures text by a font of its own, too narrow for the names in others.
            Padding = new(8, 20, 8, 8),
            PlotMargins = new(230, double.NaN, double.NaN, double.NaN),
        };
        for (var column = 0; column < s_columns.Length; column++)
        {
            AddColumn(model, results, column);
        }

        return new SvgExporter { Width = 1700, Height = 120 + (RowHeight * results.Servers.Count), UseVerticalTextAlignmentWorkaround = true }.ExportToString(model);
    }

    private static void AddColumn(PlotModel model, Results results, int column)
    {
        var (title, format, metric, work) = s_columns[column];
        var servers = new CategoryAxis
        {
            Key = $"servers {column}",
            Position = AxisPosition.Left,
            StartPosition = 1,
            EndPosition = 0,
            // The names stand at the left of the whole picture: once is enough.
            IsAxisVisible = column == 0,
            GapWidth = 0.4,
        };
        servers.Labels.AddRange(results.Servers);
        model.Axes.Add(servers);
        model.Axes.Add(new LinearAxis
        {
            Key = title,
            Title = title,
            AxisTitleDistance = 12,
            MinorTickSize = 0,
            Position = AxisPosition.Bottom,
            StartPosition = (column / (double)s_columns.Length) + Gap,
            EndPosition = ((column + 1) / (double)s_columns.Length) - Gap,
            Minimum = 0,
            MaximumPadding = 0.35, // for the numbers behind the bars
        });

        foreach (var (index, id) in work.Index())
        {
            var bars = new BarSeries
            {
                XAxisKey = title,
                YAxisKey = servers.Key,
                FillColor = index == 0 ? OxyColors.SteelBlue : OxyColors.SandyBrown,
                LabelPlacement = LabelPlacement.Outside,
                LabelFormatString = $"{{0:{format}}}",
                LabelMargin = 12,
            };
            bars.Items.AddRange(
                from row in results.Servers.Index()
                let summary = results.Summary(id, row.Item, metric)
                where summary is not null
                select new BarItem(summary.Median, row.Index));
            model.Series.Add(bars);
        }
    }
}
