using System.Net;
using AccioKestrel.Diagnostics;
using AccioKestrel.Exchange;
using AccioKestrel.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AccioKestrel.Server;

/// <summary>Services that the program adds to a host that serves Accio.</summary>
internal static class ServerServices
{
    /// <summary>Adds the log lines of the start.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="certificate">The file of the TLS certificate, or null without TLS.</param>
    /// <param name="status">The status address, or null.</param>
    /// <param name="sources">Where the settings come from.</param>
    /// <param name="hasDisplay">Whether a terminal shows what the server does.</param>
    public static IServiceCollection AddAnnouncements(
        this IServiceCollection services, string? certificate, IPEndPoint? status, SettingSources sources, bool hasDisplay) => services
        .AddSingleton(sources)
        .AddSingleton(provider => new StartAnnouncement(provider.GetRequiredService<HeldLoggerFactory>(), certificate, status, sources.Doubts, hasDisplay));

    /// <summary>Adds the file of results, and the stop after a number of them, if the settings have one.</summary>
    /// <param name="services">The host's services. What prints results must be added before: a line is printed before it is recorded.</param>
    /// <param name="settings">The settings.</param>
    /// <param name="hasStatusPage">Whether there is a status page that shows the results of earlier processes.</param>
    /// <param name="isCheck">Whether the file is only looked at: the host opens it before it starts.</param>
    /// <exception cref="StartException">The settings contradict each other, or the file that is looked at cannot be opened.</exception>
    public static IServiceCollection AddResults(this IServiceCollection services, IConfiguration settings, bool hasStatusPage, bool isCheck)
    {
        var file = Settings.ResultsFile(settings);
        if (file is not null && isCheck)
        {
            ResultsFile.Check(file);
        }
        else if (file is not null)
        {
            services.AddSingleton(provider => new ResultsFile(
                file, Settings.AreResultsSynced(settings), provider.GetRequiredService<LostResults>(),
                provider.GetRequiredService<ILoggerFactory>().CreateLogger(LogCategory.ResultsFile)));
            services.AddSingleton<IResultReceiver>(provider => provider.GetRequiredService<ResultsFile>());
            if (hasStatusPage)
            {
                services.AddHostedService(provider => new EarlierResults(
                    file, provider.GetRequiredService<ResultsFile>(), provider.GetRequiredService<ExchangeHistory>(),
                    provider.GetRequiredService<ILoggerFactory>().CreateLogger(LogCategory.ResultsFile)));
            }
        }

        if (Settings.Count(settings) is { } count)
        {
            services.AddSingleton(provider => new StopAfterResults(
                count, provider.GetRequiredService<ExchangeEvents>(), provider.GetRequiredService<IHostApplicationLifetime>()));
            services.AddHostedService(provider => provider.GetRequiredService<StopAfterResults>());
        }

        return services;
    }

    /// <summary>Adds the stop by a signal and its log lines, and sets the grace period of a file in transfer.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="grace">The grace period. After it Kestrel aborts the connection.</param>
    /// <param name="hasDisplay">Whether a terminal shows what the server does, a stop included.</param>
    public static IServiceCollection AddStopping(this IServiceCollection services, TimeSpan grace, bool hasDisplay)
    {
        if (!hasDisplay)
        {
            services.AddHostedService<StopNotice>();
        }

        return services
            .AddSingleton<IHostLifetime, SignalLifetime>()
            .Configure<HostOptions>(host => host.ShutdownTimeout = grace);
    }
}
