using System.Diagnostics;
using System.Globalization;

namespace AccioKestrel.Load;

/// <summary>Small bursts for a long time. The server's use of memory, descriptors and threads must not grow.</summary>
internal static class Soak
{
    private const int ClientsAtOnce = 50;

    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(0.3);

    /// <summary>How much each may grow. The collector may not have returned all memory yet; descriptors and threads have no reason to grow.</summary>
    private static readonly Usage s_allowedGrowth = new(4096, 2, 2);

    /// <param name="time">How long.</param>
    /// <param name="seed">The same one makes the same clients.</param>
    /// <param name="table">Where the samples go: seconds, memory in KiB, descriptors, threads, clients.</param>
    public static async Task RunAsync(TimeSpan time, int seed, FileInfo table)
    {
        await using var server = await LoadedServer.StartAsync($"--status {AccioServer.FreePort()}");
        var burst = new Burst(server, new Random(seed));
        var samples = new List<(TimeSpan Time, Usage Usage, int Clients)>();
        var interval = TimeSpan.FromSeconds(Math.Min(10, time.TotalSeconds / 60));
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < time)
        {
            if (clock.Elapsed >= samples.Count * interval)
            {
                samples.Add((clock.Elapsed, server.Usage(), burst.Clients));
            }

            await burst.RunAsync(ClientsAtOnce);
            await Task.Delay(s_pause);
        }

        samples.Add((clock.Elapsed, server.Usage(), burst.Clients));
        await server.StopAsync();
        table.Directory!.Create();
        await File.WriteAllLinesAsync(table.FullName, samples.Select(sample => string.Create(
            CultureInfo.InvariantCulture,
            $"{sample.Time.TotalSeconds:0.0}\t{sample.Usage.Memory}\t{sample.Usage.Descriptors}\t{sample.Usage.Threads}\t{sample.Clients}")));

        var quarter = Math.Max(1, samples.Count / 4);
        var (early, late) = (Median(samples.Skip(quarter).Take(quarter)), Median(samples.TakeLast(quarter)));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{burst.Clients} clients in {time.TotalMinutes:0.#} minutes, seed {seed}: each line as predicted"));
        Console.WriteLine($"  second quarter: {early}; last quarter: {late}");
        if (late.Memory > early.Memory + s_allowedGrowth.Memory
            || late.Descriptors > early.Descriptors + s_allowedGrowth.Descriptors
            || late.Threads > early.Threads + s_allowedGrowth.Threads)
        {
            throw new LoadException("The server has grown.");
        }

        static Usage Median(IEnumerable<(TimeSpan Time, Usage Usage, int Clients)> part)
        {
            var usages = part.Select(sample => sample.Usage).ToArray();
            return new(Of(usage => usage.Memory), Of(usage => usage.Descriptors), Of(usage => usage.Threads));

            int Of(Func<Usage, int> value) => usages.Select(value).Order().ElementAt(usages.Length / 2);
        }
    }
}
