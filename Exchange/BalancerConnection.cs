namespace AccioKestrel.Exchange;

/// <summary>
/// A connection feature: a load balancer has opened the connection for itself, or does not say for which client. If it ends before its
/// first byte, it was a health check: no client was served, and there is no result.
/// </summary>
internal sealed class BalancerConnection
{
    public static readonly BalancerConnection Instance = new();

    private BalancerConnection()
    {
    }
}
