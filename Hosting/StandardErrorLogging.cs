using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace AccioKestrel;

/// <summary>Sends the log to standard error: standard output is for results alone.</summary>
internal static class StandardErrorLogging
{
    /// <param name="logging">The host's logging.</param>
    /// <param name="configuration">Its section <c>Logging</c> sets the levels.</param>
    /// <param name="terminal">What writes to the terminal that standard error is and shows each exchange there, or null if it is none.</param>
    public static void UseStandardError(this ILoggingBuilder logging, IConfiguration configuration, TextWriter? terminal)
    {
        if (!Libc.IsInherited(Libc.StandardError))
        {
            // There is no place for a log, and results do not depend on it.
            return;
        }

        if (Settings.IsJsonLog(configuration))
        {
            logging.AddJsonConsole(json => json.IncludeScopes = true);
            logging.Services.Configure<ConsoleLoggerOptions>(console =>
            {
                console.LogToStandardErrorThreshold = LogLevel.Trace;
                // Nobody waits for whoever reads the log.
                console.QueueFullMode = ConsoleLoggerQueueFullMode.DropWrite;
            });
        }
        else
        {
            logging.Services.AddSingleton<ILoggerProvider>(services => new LineLoggerProvider(
                terminal ?? OpenStandardError(), services.GetRequiredService<TimeProvider>()));
        }

        // What keeps the host from starting is said as ERROR, and the framework's start-up lines are of no use here.
        logging.AddFilter("Microsoft", LogLevel.Warning);
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        if (Settings.IsQuiet(configuration))
        {
            logging.SetMinimumLevel(LogLevel.Warning);
        }
        else if (terminal is not null)
        {
            // The terminal shows each exchange in its own way.
            logging.AddFilter(typeof(AccioConnectionHandler).FullName, LogLevel.Warning);
        }

        logging.AddConfiguration(configuration.GetSection("Logging"));
    }

    /// <summary>With room for many lines: <see cref="Console.Error"/> asks the kernel to write every 256 characters.</summary>
    private static StreamWriter OpenStandardError() => new(Console.OpenStandardError(), bufferSize: 32 * 1024);
}
