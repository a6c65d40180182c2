using AccioKestrel.Interop;

namespace AccioKestrel.Status;

/// <summary>How many clients of the status page there can be at a time, so that exchanges have descriptors and memory in any case.</summary>
internal static class StatusCapacity
{
    /// <summary>The most connections. A viewer that does not read holds some 60 KiB, so this many fit in 64 MiB. Descriptors can limit them further.</summary>
    private const int MostConnections = 400;

    /// <summary>Kept even when descriptors are short, so that the operator can see the reason.</summary>
    private const int FewestConnections = 4;

    /// <summary>The most open connections. Half of the free descriptors are left to the rest of the program. Only the program's status address enforces it.</summary>
    public static int Connections { get; } = (int)Math.Clamp((Libc.MostDescriptors() - OpenDescriptors()) / 2, FewestConnections, MostConnections);

    /// <summary>
    /// How many event streams there can be; others are refused. On the program's status address the other connections stay free for
    /// requests that end.
    /// </summary>
    public static int Viewers { get; } = Connections * 4 / 5;

    /// <summary>The native program has about 15 descriptors open when it starts; the ordinary runtime has two for each assembly, 200 in all.</summary>
    private static int OpenDescriptors()
    {
        const string descriptors = "/proc/self/fd";
        return Directory.Exists(descriptors) ? Directory.GetFileSystemEntries(descriptors).Length : 200;
    }
}
