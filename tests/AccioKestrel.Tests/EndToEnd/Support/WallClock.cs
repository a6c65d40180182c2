namespace AccioKestrel.Tests.EndToEnd;

/// <summary>A clock of the day for one process, which can be set (libfaketime). The monotonic one stays the machine's.</summary>
internal sealed class WallClock : IDisposable
{
    private readonly string _offset = Path.GetTempFileName();

    public WallClock() => Set("+0");

    /// <summary>Starts the server by it.</summary>
    public string Shell => $"""
        export LD_PRELOAD=$(echo /usr/lib/*/faketime/libfaketimeMT.so.1)
        export FAKETIME_TIMESTAMP_FILE='{_offset}' FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1
        exec "$0" "$@"
        """;

    /// <summary>Starts a server, or skips the test where that is not possible.</summary>
    public Task<AccioServer> StartAsync(string options)
    {
        Needs.Installed("faketime");
        Assert.SkipWhen(PortableBranches.AreForced, "Clocks do not differ by system, and the host of the portable branches does not start with this one.");
        return AccioServer.StartAsync(options, Shell);
    }

    /// <summary>Sets it, from the next look at it on.</summary>
    /// <param name="offset">How far from the machine's, such as "-2d".</param>
    public void Set(string offset) => File.WriteAllText(_offset, offset);

    public void Dispose() => File.Delete(_offset);
}
