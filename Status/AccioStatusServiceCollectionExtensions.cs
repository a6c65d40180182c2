using AccioKestrel.Status;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers what the status page of the Accio server needs.</summary>
public static class AccioStatusServiceCollectionExtensions
{
    /// <summary>Adds what <c>app.MapAccioStatus()</c> needs. <c>AddAccio</c> must be called too. Calling it twice is harmless.</summary>
    public static IServiceCollection AddAccioStatus(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);

        if (services.Any(service => service.ServiceType == typeof(StatusReporter)))
        {
            return services;
        }

        return services
            .AddRoutingCore()
            .AddSingleton<RateHistory>()
            .AddHostedService(provider => provider.GetRequiredService<RateHistory>())
            .AddSingleton<StatusReporter>()
            .AddSingleton<StatusFeed>()
            .AddHostedService(provider => provider.GetRequiredService<StatusFeed>())
            // For a description of the API that the host makes. The responses themselves do not follow the host's JSON options.
            .ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, StatusJson.Default));
    }
}
