using System.CommandLine;
using System.Diagnostics;
using AccioKestrel.Load;

const int clientsInABurst = 500;

var clients = new Option<int>("--clients") { Description = "How many clients.", DefaultValueFactory = _ => 10_000 };
var seed = new Option<int>("--seed") { Description = "Of the choice of clients: the same one makes the same.", DefaultValueFactory = _ => 1 };
var burst = new Command("burst", $"Bursts of {clientsInABurst} clients at once.") { clients, seed };
burst.SetAction(result => RunAsync(() => RunBurstsAsync(result.GetValue(clients), result.GetValue(seed))));

var minutes = new Option<double>("--minutes") { Description = "How long.", DefaultValueFactory = _ => 30 };
var table = new Option<FileInfo>("--table") { Description = "Where the samples go.", Required = true };
var soak = new Command("soak", "Small bursts for a long time, with memory, descriptors and threads watched.") { minutes, seed, table };
soak.SetAction(result => RunAsync(() => Soak.RunAsync(TimeSpan.FromMinutes(result.GetValue(minutes)), result.GetValue(seed), result.GetRequiredValue(table))));

var impatient = new Option<int>("--clients") { Description = "How many impatient clients.", DefaultValueFactory = _ => 2_000 };
var flood = new Command("flood", "More clients than the backlog holds, with SYN cookies off and on. It changes settings of the network that it runs in.") { impatient };
flood.SetAction(result => RunAsync(() => Flood.RunAsync(result.GetValue(impatient))));

var viewers = new Command("viewers", "Exchanges with and without 300 viewers of the status page, by turns.") { clients };
viewers.SetAction(result => RunAsync(() => Viewers.RunAsync(result.GetValue(clients), StartViewers)));

var port = new Argument<int>("port");
var watch = new Command("watch", "The viewers alone.") { port };
watch.Hidden = true;
watch.SetAction(result => Viewers.WatchAsync(result.GetValue(port)));

return await new RootCommand("Loads a server process with clients of every kind, and compares each line that it prints with a model.") { burst, soak, flood, viewers, watch }.Parse(args).InvokeAsync();

static Process StartViewers(int status) =>
    Process.Start(new ProcessStartInfo(Environment.ProcessPath!, ["watch", $"{status}"]) { RedirectStandardOutput = true, UseShellExecute = false })!;

static async Task<int> RunAsync(Func<Task> load)
{
    try
    {
        await load();
        return 0;
    }
    catch (LoadException exception)
    {
        Console.Error.WriteLine($"FAILED: {exception.Message}");
        return 1;
    }
}

static async Task RunBurstsAsync(int clients, int seed)
{
    await using var server = await LoadedServer.StartAsync();
    var burst = new Burst(server, new Random(seed));
    var before = server.Usage();
    var clock = Stopwatch.StartNew();
    while (burst.Clients < clients)
    {
        await burst.RunAsync(Math.Min(clientsInABurst, clients - burst.Clients));
    }

    var after = server.Usage();
    await server.StopAsync();
    Console.WriteLine(FormattableString.Invariant($"{burst.Clients} clients in bursts of {clientsInABurst}, {clock.Elapsed.TotalSeconds:0} s, seed {seed}: each line as predicted"));
    Console.WriteLine($"  {string.Join(", ", burst.Counts.Select(count => FormattableString.Invariant($"{count.Key.Name} {count.Value}")))}");
    Console.WriteLine($"  before: {before}; after: {after}");
    if (after.Descriptors > before.Descriptors)
    {
        throw new LoadException("Descriptors were lost.");
    }
}
