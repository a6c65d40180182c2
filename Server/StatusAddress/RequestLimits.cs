using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;

namespace AccioKestrel.Server.StatusAddress;

/// <summary>Limits the requests per second, and refuses requests with a body, because no endpoint takes one.</summary>
internal sealed class RequestLimits(IHostApplicationLifetime lifetime, TimeProvider time)
{
    private readonly Pace _pace = new(time, StatusLimits.RequestsPerSecond, atOnce: StatusLimits.RequestsPerSecond);

    /// <summary>Middleware.</summary>
    public async Task FilterAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            // Not canceled when the client disconnects: its next request, which it had already sent, would take another place, and so on. As
            // it is, no more requests wait here than there are connections.
            await _pace.WaitAsync(lifetime.ApplicationStopping);
        }
        catch (OperationCanceledException)
        {
            // Without this, an empty 200 would go out, also for a health check.
            context.Abort();
            return;
        }

        if (context.RequestAborted.IsCancellationRequested)
        {
            context.Abort();
            return;
        }

        if (context.Request.ContentLength > 0 || context.Request.Headers.TransferEncoding.Count > 0)
        {
            context.Response.StatusCode = StatusCodes.Status413PayloadTooLarge;
            // Otherwise Kestrel would wait for the body before it takes the next request.
            context.Response.Headers.Connection = "close";
            await context.Response.WriteAsync("A request of the status address has no body.\n", context.RequestAborted);
            return;
        }

        await next(context);
    }
}
