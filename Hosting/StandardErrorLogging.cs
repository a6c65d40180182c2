using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;

namespace AccioKestrel;

/// <summary>Sends the log to standard error: standard output is for results alone.</summary>
internal static class StandardErrorLogging
{
    /// <param name="logging">The host's logging.</param>
    /// <param name="configuration">Its section <c>Logging</c> sets the levels.</param>
    public static ILoggingBuilder UseStandardError(this ILoggingBuilder logging, IConfiguration configuration)
    {
        logging.Services.AddSingleton<ILoggerProvider>(services => new ConsoleLoggerProvider(
            services.GetRequiredService<IOptionsMonitor<ConsoleLoggerOptions>>(), [new LineFormatter()]));
        logging.Services.Configure<ConsoleLoggerOptions>(console =>
        {
            console.FormatterName = LineFormatter.FormatterName;
            console.LogToStandardErrorThreshold = LogLevel.Trace;
        });

        // What keeps the host from starting is said as ERROR, and the framework's start-up lines are of no use here.
        logging.AddFilter("Microsoft", LogLevel.Warning);
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        logging.AddConfiguration(configuration.GetSection("Logging"));
        return logging;
    }
}
