using System.Net;
using Microsoft.AspNetCore.Http;

namespace AccioKestrel.Server.StatusAddress;

/// <summary>
/// Answers only requests for a host name of this machine: an address, localhost, the machine's name, or a name from the settings. This
/// prevents DNS rebinding: another site could resolve its own name to this machine, and read the status through the browser of an
/// authorised user.
/// </summary>
internal sealed class KnownHosts(string names)
{
    private readonly HashSet<string> _names = new(
        [.. names.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries), "localhost", Dns.GetHostName()],
        StringComparer.OrdinalIgnoreCase);

    /// <summary>Middleware.</summary>
    public Task FilterAsync(HttpContext context, RequestDelegate next)
    {
        var host = context.Request.Host.Host;
        if (_names.Contains(host) || IPAddress.TryParse(host, out _))
        {
            return next(context);
        }

        context.Response.StatusCode = StatusCodes.Status400BadRequest;
        return context.Response.WriteAsync($"This host is not known as '{host}'; see --status-host.\n");
    }
}
