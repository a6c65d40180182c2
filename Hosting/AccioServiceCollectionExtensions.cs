using AccioKestrel;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers the Accio server in a host.</summary>
public static class AccioServiceCollectionExtensions
{
    /// <summary>
    /// Adds what <c>kestrel.ListenAccio(port)</c> needs. The settings come from the configuration section
    /// <c>Accio</c>. Calling it twice is harmless; HTTP endpoints of the same host keep their own transport.
    /// </summary>
    public static IServiceCollection AddAccio(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);

        services.AddMetrics();
        services.AddOptions<AccioOptions>().BindConfiguration(AccioOptions.Section).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<AccioOptions>, AccioOptionsValidator>());

        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IResultOutput, StandardOutput>();
        services.TryAddSingleton<ShutdownGrace>();
        services.TryAddSingleton<ExchangeJournal>();
        services.TryAddSingleton<AccioListeners>();
        services.TryAddSingleton<AllowedNetworks>();
        services.TryAddSingleton<AccioConnectionHandler>();

        // The web host adds the stock transport only where there is none yet. Ours takes Accio endpoints alone, so
        // without the stock one beside it a host that calls this first would have no transport for HTTP.
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IConnectionListenerFactory, SocketTransportFactory>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IConnectionListenerFactory, AccioTransportFactory>());
        return services;
    }

    /// <summary>The same, with settings by code, which win over the configuration.</summary>
    public static IServiceCollection AddAccio(this IServiceCollection services, Action<AccioOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        return services.AddAccio().Configure(configure);
    }
}
