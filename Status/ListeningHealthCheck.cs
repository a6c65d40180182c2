using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace AccioKestrel;

/// <summary>Ready means listening: clients can connect and will have their turn.</summary>
internal sealed class ListeningHealthCheck(AccioListeners listeners) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(listeners.Bound.Count > 0 ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("not listening"));
}
