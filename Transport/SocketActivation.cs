using System.Globalization;

namespace AccioKestrel.Transport;

/// <summary>The listen socket that this process inherited from systemd, or from another program that uses its protocol.</summary>
/// <param name="Descriptor">Its descriptor.</param>
internal sealed record SocketActivation(int Descriptor)
{
    /// <summary>The socket's name in the unit, if the unit has several sockets; see FileDescriptorName= in systemd.socket(5).</summary>
    public const string Name = "accio";

    // See sd_listen_fds(3).
    private const int FirstDescriptor = 3;

    /// <summary>The socket of this process, or null if it was started without one.</summary>
    public static SocketActivation? Find() =>
        OperatingSystem.IsLinux() ? Find(Environment.GetEnvironmentVariable, Environment.ProcessId) : null;

    /// <param name="variable">Reads a variable of the environment.</param>
    /// <param name="processId">The id of this process. A child process inherits the variables too, but LISTEN_PID names its parent.</param>
    public static SocketActivation? Find(Func<string, string?> variable, int processId)
    {
        if (!TryParse(variable("LISTEN_PID"), out var owner) || owner != processId
            || !TryParse(variable("LISTEN_FDS"), out var count) || count == 0)
        {
            return null;
        }

        var named = Array.IndexOf(variable("LISTEN_FDNAMES")?.Split(':') ?? [], Name);
        return new SocketActivation(FirstDescriptor + (named >= 0 && named < count ? named : 0));
    }

    private static bool TryParse(string? text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
