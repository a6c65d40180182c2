using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AccioKestrel;

/// <summary>
/// Registers by name what the container would make anyway, from the open generic types that the framework registers. What
/// is named here is compiled into the native program; all else is put together by its type loader when it starts, which
/// took a third of the time to the first answer.
/// </summary>
internal static class KnownServices
{
    public static void AddKnownServices(this IServiceCollection services) => services
        .AddOptionsOf<AccioOptions>()
        .AddOptionsOf<KestrelServerOptions>()
        .AddOptionsOf<SocketTransportOptions>()
        .AddOptionsOf<FormOptions>()
        .AddOptionsOf<HostOptions>()
        .AddOptionsOf<ConsoleLifetimeOptions>()
        .AddOptionsOf<LoggerFactoryOptions>()
        .AddOptionsOf<LoggerFilterOptions>()
        .AddOptionsOf<MetricsOptions>()
        .AddLoggerOf<ApplicationLifetime>()
        .AddLoggerOf<SequentialListener>()
        .AddLoggerOf<AccioConnectionHandler>();

    private static IServiceCollection AddOptionsOf<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicParameterlessConstructor)] T>(
        this IServiceCollection services)
        where T : class => services
        .AddSingleton<IOptions<T>, OptionsManager<T>>()
        .AddSingleton<IOptionsFactory<T>, OptionsFactory<T>>()
        .AddSingleton<IOptionsMonitor<T>, OptionsMonitor<T>>()
        .AddSingleton<IOptionsMonitorCache<T>, OptionsCache<T>>();

    private static IServiceCollection AddLoggerOf<T>(this IServiceCollection services) => services.AddSingleton<ILogger<T>, Logger<T>>();
}
