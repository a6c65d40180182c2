namespace AccioKestrel.Benchmarks;

/// <summary>Runs every server at every work, round after round.</summary>
internal sealed class Runner(string build, Func<string, bool> isWanted)
{
    // Long enough for a runtime to recompile the methods that the warm-up has shown to be hot.
    private static readonly TimeSpan s_settle = TimeSpan.FromMilliseconds(300);

    private readonly Client _client = new(Path.Combine(build, "client"));

    public async Task<Results> RunAsync(IReadOnlyList<Work> work, int rounds, CancellationToken stop)
    {
        Peer[] wanted = [.. Peer.All(build).Where(peer => isWanted(peer.Name))];
        foreach (var missing in wanted.Where(peer => !peer.IsBuilt))
        {
            await Console.Error.WriteLineAsync($"left out: {missing.Name}, there is no {missing.Command[0]}");
        }

        Peer[] peers = [.. wanted.Where(peer => peer.IsBuilt)];

        // Interleaved, so that a noisy minute of the machine meets every server and every depth of the queue.
        var plan =
            from round in Enumerable.Range(1, rounds)
            from kind in work.GroupBy(item => item.Repeats)
            from repeat in Enumerable.Range(0, kind.Key)
            from item in kind
            from peer in peers.Shuffle()
            where peer.Load is Load.Accio || item.IsStream
            select (round, item, peer);

        List<Sample> samples = [];
        foreach (var (round, item, peer) in plan)
        {
            var sample = item.IsStart ? await MeasureStartAsync(peer, item, round, stop) : await MeasureAsync(peer, item, round, stop);
            samples.Add(sample);
            await Console.Error.WriteLineAsync($"{round}/{rounds} {item.Id,-14} {peer.Name,-32} {string.Join("  ", item.Metrics.Select(metric => $"{Summary.Format(metric.Of(sample))} {metric.Name}"))}");
        }

        return new(work, [.. peers.Select(peer => peer.Name)], samples);
    }

    private async Task<Sample> MeasureStartAsync(Peer peer, Work work, int round, CancellationToken stop)
    {
        var measured = await _client.StartAsync(peer, stop);
        return new(work.Id, peer.Name, round, work.Units, measured.Seconds, 0, 0);
    }

    private async Task<Sample> MeasureAsync(Peer peer, Work work, int round, CancellationToken stop)
    {
        await using var server = new Server(peer, work.OneCore);
        await LoadAsync(server, work.WarmUp, stop);
        await Task.Delay(s_settle, stop);

        var rest = server.RestMiB;
        var before = server.CpuSeconds;
        var measured = await LoadAsync(server, work, stop);
        var cpu = server.CpuSeconds - before;
        return new(work.Id, peer.Name, round, work.Units, measured.Seconds, measured.P50Microseconds, measured.P99Microseconds, cpu, rest, server.PeakMiB);
    }

    private async Task<Measured> LoadAsync(Server server, Work work, CancellationToken stop)
    {
        var measured = await _client.LoadAsync(server, work, stop);
        await server.VerifyAsync(work, stop);
        return measured;
    }
}
