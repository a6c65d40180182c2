using AccioKestrel.Transport;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting.Systemd;

namespace AccioKestrel.Server;

/// <summary>Support for systemd: socket activation, notification of start, stop and status, and the watchdog.</summary>
internal static class SystemdServices
{
    /// <summary>Adds what systemd's variables in the environment request; without them, nothing.</summary>
    /// <remarks>
    /// Not the package's AddSystemd: it would replace the log's format, and <see cref="SignalLifetime"/> as the host's lifetime.
    /// </remarks>
    public static IServiceCollection AddSystemdSupport(this IServiceCollection services)
    {
        if (SocketActivation.Find() is { } activation)
        {
            services.AddSingleton(activation);
        }

        if (Environment.GetEnvironmentVariable("NOTIFY_SOCKET") is { Length: > 0 })
        {
            services
                .AddSingleton<ISystemdNotifier, SystemdNotifier>()
                .AddSingleton<SystemdNotification>()
                .AddHostedService(provider => provider.GetRequiredService<SystemdNotification>())
                .AddHostedService<SystemdStatus>();
            if (SystemdWatchdog.Limit(Environment.GetEnvironmentVariable, Environment.ProcessId) is { } limit)
            {
                services.AddHostedService(provider => ActivatorUtilities.CreateInstance<SystemdWatchdog>(provider, limit));
            }
        }

        return services;
    }
}
