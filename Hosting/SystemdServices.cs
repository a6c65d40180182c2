using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting.Systemd;

namespace AccioKestrel;

/// <summary>What systemd can do for the program: hold its listen socket, and wait until it is ready.</summary>
internal static class SystemdServices
{
    /// <summary>Adds what the environment asks for; without systemd, nothing.</summary>
    /// <remarks>
    /// Not the AddSystemd of the package: it would put a console format of its own in the place of ours, and a lifetime that
    /// handles signals beside <see cref="StopSignals"/>.
    /// </remarks>
    public static void AddSystemdSupport(this IServiceCollection services)
    {
        if (SocketActivation.Find() is { } activation)
        {
            services.AddSingleton(activation);
        }

        if (Environment.GetEnvironmentVariable("NOTIFY_SOCKET") is { Length: > 0 })
        {
            services.AddSingleton<ISystemdNotifier, SystemdNotifier>().AddHostedService<SystemdNotification>();
        }
    }
}
