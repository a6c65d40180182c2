using System.Globalization;

namespace AccioKestrel.Testing;

/// <summary>One of many servers.</summary>
internal sealed record Backend(AccioServer Server, StatusClient Status) : IAsyncDisposable
{
    /// <summary>What it has printed; every line must be a number.</summary>
    public IReadOnlyList<int> Sizes =>
        [.. Server.Output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => int.Parse(line, CultureInfo.InvariantCulture))];

    public static async Task<Backend> StartAsync(string options = "")
    {
        var (server, status) = await StatusClient.StartAsync(options);
        return new Backend(server, status);
    }

    /// <summary>Waits until it has received a whole file of one of these sizes, and checks that no client waits at the server itself.</summary>
    public async Task<int> ExpectServingAsync(IEnumerable<int> sizes)
    {
        var report = await Status.WaitUntilAsync(report => report["current"] is { } current && sizes.Contains((int)current["bytes"]!));
        Assert.Equal(0, (int)report["waiting"]!);
        return (int)report["current"]!["bytes"]!;
    }

    /// <summary>Stops it, which must end well.</summary>
    public async Task StopAsync()
    {
        Signal.Terminate.SendTo(Server.ProcessId);
        Assert.Equal(0, await Server.ExitAsync());
    }

    public ValueTask DisposeAsync()
    {
        Status.Dispose();
        return Server.DisposeAsync();
    }
}
