using System.CommandLine;
using AccioKestrel.Benchmarks;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Perfolizer.Horology;

// Everything after "micro" belongs to BenchmarkDotNet.
if (args is ["micro", .. var rest])
{
    // In this process: a project that BenchmarkDotNet generates would build the checkout again beside its other builds.
    var job = Job.Default.WithToolchain(InProcessEmitToolchain.Instance).WithIterationTime(TimeInterval.FromMilliseconds(200)).WithMaxIterationCount(20);
    BenchmarkSwitcher.FromAssembly(typeof(Peer).Assembly).Run(rest, DefaultConfig.Instance.AddJob(job));
    return 0;
}

var size = new Option<string>("--size") { Description = "Size of the large file: 16GiB, 512MiB, ...", DefaultValueFactory = _ => "16GiB" };
var exchanges = new Option<int>("--exchanges") { Description = "Small exchanges in one measurement", DefaultValueFactory = _ => 5000 };
var rounds = new Option<int>("--rounds") { Description = "How often everything is measured", DefaultValueFactory = _ => 5 };
var quick = new Option<bool>("--quick") { Description = "A first look: 1 GiB, 1000 exchanges, one round" };
var work = new Option<string>("--work") { Description = "Only work whose id contains this", DefaultValueFactory = _ => "" };
var servers = new Option<string>("--servers") { Description = "Only servers whose name contains this", DefaultValueFactory = _ => "" };
var build = new Option<DirectoryInfo>("--build") { Description = "Where benchmarks/run has put the servers", Required = true };
var output = new Option<DirectoryInfo>("--output") { Description = "Where results.json, .md and .svg go; out/results if left out" };

var root = new RootCommand("Measures AccioKestrel and its peers, interleaved. 'micro' runs the BenchmarkDotNet benchmarks instead.")
{
    size, exchanges, rounds, quick, work, servers, build, output,
};
root.SetAction(async (parsed, stop) =>
{
    var isQuick = parsed.GetValue(quick);
    var runner = new Runner(
        parsed.GetRequiredValue(build).FullName,
        name => name.Contains(parsed.GetRequiredValue(servers), StringComparison.OrdinalIgnoreCase));
    var results = await runner.RunAsync(
        [.. Work.All(isQuick ? Bytes.GiB : Bytes.Parse(parsed.GetRequiredValue(size)), isQuick ? 1000 : parsed.GetValue(exchanges))
            .Where(item => item.Id.Contains(parsed.GetRequiredValue(work), StringComparison.OrdinalIgnoreCase))],
        isQuick ? 1 : parsed.GetValue(rounds),
        stop);

    var report = Report.Markdown(results);
    Console.Write(report);

    var directory = parsed.GetValue(output) ?? parsed.GetRequiredValue(build).CreateSubdirectory("results");
    directory.Create();
    await File.WriteAllTextAsync(Path.Combine(directory.FullName, "results.md"), report, stop);
    await File.WriteAllTextAsync(Path.Combine(directory.FullName, "results.json"), results.ToJson(), stop);
    await File.WriteAllTextAsync(Path.Combine(directory.FullName, "results.svg"), Chart.Svg(results), stop);
});

return await root.Parse(args).InvokeAsync();
