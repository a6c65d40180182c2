namespace AccioKestrel.Testing;

/// <summary>A control group that limits the memory of the server in it, as containers and units do: beyond it the kernel kills.</summary>
internal sealed class MemoryLimit : IDisposable
{
    // Version 1 has a hierarchy for each resource, version 2 one for all.
    private const string FirstVersion = "/sys/fs/cgroup/memory";
    private const string SecondVersion = "/sys/fs/cgroup";

    private readonly string _group;

    /// <summary>Makes it, or skips the test where that is not possible.</summary>
    public MemoryLimit(int mebibytes)
    {
        Needs.Linux("control groups");
        var isFirst = Directory.Exists(FirstVersion);
        _group = Path.Combine(isFirst ? FirstVersion : SecondVersion, $"accio-{Guid.NewGuid():N}");
        var limit = Path.Combine(_group, isFirst ? "memory.limit_in_bytes" : "memory.max");
        try
        {
            Directory.CreateDirectory(_group);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Assert.Skip($"No control group can be made here: {exception.Message}");
        }

        if (!File.Exists(limit))
        {
            Dispose();
            Assert.Skip("Control groups do not limit memory here.");
        }

        File.WriteAllText(limit, $"{mebibytes * 1024L * 1024}");
    }

    /// <summary>Starts the server in it.</summary>
    public string Shell => $"""echo $$ > {_group}/cgroup.procs; exec "$0" "$@" """;

    /// <summary>It is empty once its server has ended.</summary>
    public void Dispose() => Directory.Delete(_group);
}
