using AccioKestrel.Interop;
using Microsoft.Extensions.Hosting;

namespace AccioKestrel.Hosting;

/// <summary>Reports results that could not be written where they must go, and stops the application.</summary>
/// <param name="lifetime">The application to stop.</param>
/// <param name="report">Called with a sentence that names the result, the place and the reason.</param>
internal sealed class LostResults(IHostApplicationLifetime lifetime, Action<string> report)
{
    /// <summary>Whether a result was lost.</summary>
    public bool HasAny { get; private set; }

    public void Report(string line, string place, string reason)
    {
        HasAny = true;
        try
        {
            report($"The result {line} could not be written to {place}: {SystemMessage.Clause(reason)}.");
        }
        finally
        {
            // The application stops even if the report fails.
            lifetime.StopApplication();
        }
    }
}
