using AccioKestrel.Transport;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace AccioKestrel.Hosting;

/// <summary>Ready means that clients can connect and will have their turn: the server listens, and its accept loop is running.</summary>
internal sealed class ListeningHealthCheck(BoundListeners listeners) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(
        listeners.AreAccepting ? HealthCheckResult.Healthy() : new HealthCheckResult(context.Registration.FailureStatus, "not accepting clients"));
}
