using System.Runtime.InteropServices;
using System.Text.Json;

namespace AccioKestrel.Benchmarks;

/// <summary>All samples of one run, and where they were taken.</summary>
internal sealed record Results(IReadOnlyList<Work> Work, IReadOnlyList<string> Servers, IReadOnlyList<Sample> Samples)
{
    private static readonly JsonSerializerOptions s_indented = new() { WriteIndented = true };

    public string Machine { get; } = $"{RuntimeInformation.OSDescription}, kernel {Environment.OSVersion.Version.ToString(3)}, {Environment.ProcessorCount} cores, {RuntimeInformation.FrameworkDescription}";

    public int Rounds => Samples.Max(sample => sample.Round);

    public Summary? Summary(string work, string server, Metric metric) =>
        Benchmarks.Summary.Of(Samples.Where(sample => sample.Work == work && sample.Server == server).Select(metric.Of));

    /// <summary>How often the figure of one server holds that of another, medians; null when either was not measured.</summary>
    public double? Ratio(string work, string server, string baseline, Metric metric) =>
        Summary(work, server, metric)?.Median / Summary(work, baseline, metric)?.Median;

    public string ToJson()
    {
        var medians =
            from work in Work
            from server in Servers
            from metric in work.Metrics
            let summary = Summary(work.Id, server, metric)
            where summary is not null
            select new { Work = work.Id, Server = server, Metric = metric.Name, summary.Median, summary.Min, summary.Max };
        var targets = Target.All.Select(target => new { target.Figure, target.Bound, Reached = target.Value(this), Met = target.IsMet(this) });
        return JsonSerializer.Serialize(new { Machine, Rounds, Targets = targets, Medians = medians, Samples }, s_indented);
    }
}
