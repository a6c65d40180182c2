namespace AccioKestrel.Tests.EndToEnd;

/// <summary>Clients that are all there at once, each with a file of a size of its own: a line of output tells whose it is.</summary>
internal sealed class Crowd
{
    private readonly List<Task<Turn>> _waiting;
    private readonly Dictionary<int, Turn> _turns = [];

    public Crowd(HaProxy proxy, IEnumerable<int> sizes) => _waiting = [.. sizes.Select(size => Turn.TakeAsync(proxy, size))];

    /// <summary>Those that have their turn, the one that has had it longest first.</summary>
    public List<Turn> Served { get; } = [];

    public int Waiting => _waiting.Count;

    /// <summary>Waits for the next ones that get their turn.</summary>
    public async Task ServeAsync(int count)
    {
        for (; count > 0; count--)
        {
            var next = await Task.WhenAny(_waiting).OrGiveUp();
            _waiting.Remove(next);
            var turn = await next;
            _turns.Add(turn.Size, turn);
            Served.Add(turn);
        }
    }

    /// <summary>Ends one turn after the other, each time waiting for the client that gets it next.</summary>
    public async Task PassOnAsync(int count)
    {
        for (; count > 0; count--)
        {
            await Served[0].EndAsync();
            Served.RemoveAt(0);
            await ServeAsync(1);
        }
    }

    /// <summary>Checks that no other client has its turn.</summary>
    public void ExpectNoOther() => Assert.DoesNotContain(_waiting, turn => turn.IsCompleted);

    /// <summary>Waits until the clients that have their turn are served, one by each of these servers, at which no other client waits.</summary>
    public async Task<Dictionary<Backend, Turn>> ExpectServedByAsync(params Backend[] servers)
    {
        var served = new Dictionary<Backend, Turn>();
        foreach (var server in servers)
        {
            served.Add(server, _turns[await server.ExpectServingAsync(Served.Select(turn => turn.Size))]);
        }

        Assert.Equal(Served.ToHashSet(), served.Values.ToHashSet());
        return served;
    }

    /// <summary>Sees that the server's log has the address of each of its clients, and not the balancer's. A server that was killed has not written its last lines.</summary>
    public void ExpectAddresses(Backend server) =>
        Assert.All(server.Sizes, size => Assert.Contains($" 127.0.0.1:{_turns[size].Port}: {size} bytes", server.Server.Errors.ToString(), StringComparison.Ordinal));

    /// <summary>Sees that no client of this server had its turn before the one in front of it had ended.</summary>
    public void ExpectOneAtATime(Backend server)
    {
        var turns = server.Sizes.Select(size => _turns[size]).ToList();
        Assert.All(turns.Skip(1).Zip(turns), pair => Assert.True(pair.First.Began > pair.Second.Ended));
    }
}
