using AccioKestrel;
using AccioKestrel.Diagnostics;
using AccioKestrel.Exchange;
using AccioKestrel.Hosting;
using AccioKestrel.Transport;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers the Accio server in a host.</summary>
public static class AccioServiceCollectionExtensions
{
    /// <summary>
    /// Adds what <c>kestrel.ListenAccio(port)</c> needs. The settings come from the configuration section
    /// <c>Accio</c>. Calling it twice is harmless; the host's HTTP endpoints are not affected. Results are logged, and handed to each
    /// registered <see cref="IResultReceiver"/>.
    /// </summary>
    public static IServiceCollection AddAccio(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);

        if (services.Any(service => service.ServiceType == typeof(AccioHostedServer)))
        {
            return services;
        }

        // Not in AddShared: the program checks the section itself, with more settings. It must run before the binder of AddShared, which ignores unknown names.
        services.AddOptions<AccioOptions>().Configure<IConfiguration>((_, configuration) => AccioSection.Check(configuration));
        return services.AddShared().AddSingleton<AccioHostedServer>().AddHostedService(provider => provider.GetRequiredService<AccioHostedServer>());
    }

    /// <summary>The same, with settings in code. They win over the configuration.</summary>
    public static IServiceCollection AddAccio(this IServiceCollection services, Action<AccioOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        return services.AddAccio().Configure(configure);
    }

    /// <summary>Adds what <c>kestrel.ListenAccioCore(port)</c> needs. Must come before the host's Kestrel is added, which then adds no transport for HTTP.</summary>
    internal static IServiceCollection AddAccioCore(this IServiceCollection services) =>
        services.AddShared().AddSingleton<IConnectionListenerFactory>(provider => provider.GetRequiredService<AccioTransportFactory>());

    private static IServiceCollection AddShared(this IServiceCollection services)
    {
        services.AddMetrics();
        services.AddOptions<AccioOptions>()
            .BindConfiguration(AccioOptions.Section)
            .Configure<IConfiguration>(AccioSection.BindNetworks)
            .ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<AccioOptions>, AccioOptionsValidator>());

        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<ExchangeHistory>();
        services.TryAddSingleton(provider => new ExchangeEvents(LoggerOf(provider, LogCategory.Exchange)));
        services.TryAddSingleton<ExchangeMetrics>();
        services.TryAddSingleton(NewDelivery);
        services.TryAddSingleton<BoundListeners>();
        services.TryAddSingleton<ConnectionCounters>();
        services.TryAddSingleton<AllowedNetworks>();
        services.TryAddSingleton<ProxyProtocol>();
        services.TryAddSingleton(NewHandler);
        services.TryAddSingleton(NewTransport);
        return services;
    }

    /// <summary>
    /// Prints each result as one line on standard output, as the protocol has it: the number of file bytes, or <c>ERROR</c>. A line waits
    /// for its reader until the host stops. A line that cannot be written is logged, and stops the application. The host's other output,
    /// such as that of the console logger, should then go elsewhere.
    /// </summary>
    public static IServiceCollection AddAccioStandardOutput(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);

        services.TryAddSingleton(provider => new LostResults(
            provider.GetRequiredService<IHostApplicationLifetime>(), reason => AccioLog.ResultLost(LoggerOf(provider, LogCategory.Server), reason)));
        services.TryAddSingleton<StandardOutput>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IResultReceiver, StandardOutput>(provider => provider.GetRequiredService<StandardOutput>()));
        return services;
    }

    private static UnfailingLogger LoggerOf(IServiceProvider provider, string category) =>
        new(provider.GetRequiredService<ILoggerFactory>().CreateLogger(category));

    private static AccioConnectionHandler NewHandler(IServiceProvider provider)
    {
        var options = provider.GetRequiredService<IOptions<AccioOptions>>().Value;
        // Nothing else asks for it: it subscribes to the events.
        _ = provider.GetRequiredService<ExchangeMetrics>();
        return new AccioConnectionHandler(
            options.ToLimits(),
            options.Lenient,
            provider.GetRequiredService<ResultDelivery>(),
            provider.GetRequiredService<ExchangeHistory>(),
            provider.GetRequiredService<ExchangeEvents>(),
            provider.GetRequiredService<TimeProvider>(),
            LoggerOf(provider, LogCategory.Exchange),
            provider.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping);
    }

    private static ResultDelivery NewDelivery(IServiceProvider provider) => new(
        provider.GetServices<IResultReceiver>(),
        TimeSpan.FromSeconds(provider.GetRequiredService<IOptions<AccioOptions>>().Value.ResultTimeout),
        provider.GetRequiredService<ExchangeHistory>(),
        provider.GetRequiredService<TimeProvider>(),
        LoggerOf(provider, LogCategory.Exchange));

    private static AccioTransportFactory NewTransport(IServiceProvider provider) => new(
        // Read when the transport binds: by then the host has validated the options.
        () => provider.GetRequiredService<IOptions<AccioOptions>>().Value.Backlog,
        provider.GetRequiredService<BoundListeners>(),
        provider.GetRequiredService<ConnectionCounters>(),
        provider.GetRequiredService<TimeProvider>(),
        provider.GetRequiredService<IHostApplicationLifetime>(),
        LoggerOf(provider, LogCategory.Listener),
        provider.GetService<SocketActivation>());
}
