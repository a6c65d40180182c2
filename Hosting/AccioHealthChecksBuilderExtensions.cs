using AccioKestrel.Hosting;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the health of the Accio endpoints to the host's health checks.</summary>
public static class AccioHealthChecksBuilderExtensions
{
    /// <summary>
    /// Adds a check that is healthy while clients can connect and will be served: every Accio endpoint listens and accepts.
    /// <c>AddAccio</c> must be called too.
    /// </summary>
    /// <param name="builder">The host's health checks.</param>
    /// <param name="name">The name of the check.</param>
    /// <param name="failureStatus">What is reported when clients are not accepted. Default null: unhealthy.</param>
    /// <param name="tags">Tags by which health endpoints choose their checks.</param>
    public static IHealthChecksBuilder AddAccio(
        this IHealthChecksBuilder builder, string name = "accio", HealthStatus? failureStatus = null, IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.AddCheck<ListeningHealthCheck>(name, failureStatus, tags ?? []);
    }
}
