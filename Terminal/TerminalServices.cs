using AccioKestrel.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace AccioKestrel.Terminal;

/// <summary>Adds what a person at a terminal sees of the server.</summary>
internal static class TerminalServices
{
    /// <summary>Adds the output of results, on a terminal or elsewhere, and the display for the terminals.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="terminal">The terminals, or null if there is none.</param>
    /// <param name="hasDisplay">Whether standard error's terminal shows what the server does, in addition to results and log.</param>
    public static IServiceCollection AddTerminal(this IServiceCollection services, Terminals? terminal, bool hasDisplay)
    {
        services.AddSingleton(provider => new LostResults(provider.GetRequiredService<IHostApplicationLifetime>(), StandardError.Write));
        if (terminal?.Output is { } results)
        {
            services.AddSingleton<IResultReceiver>(new TerminalResults(results, hasDisplay && results == terminal.Error));
        }
        else if (hasDisplay)
        {
            services.AddSingleton<StandardOutput>()
                .AddSingleton<IResultReceiver>(provider => new ResultsBesideTerminal(provider.GetRequiredService<StandardOutput>(), terminal!.Error!));
        }
        else
        {
            services.AddAccioStandardOutput();
        }

        return hasDisplay ? services.AddSingleton(terminal!).AddHostedService<TerminalDisplay>() : services;
    }
}
