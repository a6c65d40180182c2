using System.Collections.Concurrent;

namespace AccioKestrel.Load;

/// <summary>Clients of random behaviour, all there at once, each with the line that the server has to print for it.</summary>
internal sealed class Burst(LoadedServer server, Random random)
{
    /// <summary>Mostly small, sometimes large.</summary>
    private static readonly int[] s_largest = [0, 1, 500, 5_000, 50_000, 500_000];

    private readonly int _shares = Behaviour.All.Sum(behaviour => behaviour.Share);

    /// <summary>How many clients have behaved in each way so far.</summary>
    public Dictionary<Behaviour, int> Counts { get; } = Behaviour.All.ToDictionary(behaviour => behaviour, _ => 0);

    public int Clients => Counts.Values.Sum();

    /// <summary>Connects so many clients one after the other, starts all of them at once, and compares the server's lines.</summary>
    public async Task RunAsync(int count)
    {
        var lives = new List<(AccioClient Client, Behaviour Behaviour, int Size)>();
        for (var i = 0; i < count; i++)
        {
            var size = (int)(s_largest[random.Next(s_largest.Length)] * random.NextDouble());
            // In the order of the accept queue, which is the order of the lines.
            lives.Add((await server.ConnectAsync(), Choose(), size));
        }

        var failures = new ConcurrentQueue<string>();
        var ends = lives.ConvertAll(life => Task.Run(() => LiveAsync(life.Client, life.Behaviour, life.Size, failures)));
        await server.ExpectAsync(lives.Select(life => life.Behaviour.LineFor(life.Size)));
        await Task.WhenAll(ends);
        if (!failures.IsEmpty)
        {
            throw new LoadException($"{failures.Count} clients failed, the first one: {failures.First()}");
        }
    }

    private static async Task LiveAsync(AccioClient client, Behaviour behaviour, int size, ConcurrentQueue<string> failures)
    {
        try
        {
            await behaviour.LiveAsync(client, size);
        }
        catch (Exception exception)
        {
            failures.Enqueue($"{behaviour.Name}, {size} bytes: {exception.Message}");
        }
        finally
        {
            client.Dispose();
        }
    }

    private Behaviour Choose()
    {
        var chosen = random.Next(_shares);
        var behaviour = Behaviour.All.First(behaviour => (chosen -= behaviour.Share) < 0);
        Counts[behaviour]++;
        return behaviour;
    }
}
