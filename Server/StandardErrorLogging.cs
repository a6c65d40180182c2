using AccioKestrel.Diagnostics;
using AccioKestrel.Interop;
using AccioKestrel.Terminal;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AccioKestrel.Server;

/// <summary>Sends the log to standard error: standard output is for results alone.</summary>
internal static class StandardErrorLogging
{
    /// <param name="logging">The host's logging.</param>
    /// <param name="configuration">Its section <c>Logging</c> sets the levels.</param>
    /// <param name="terminal">Writes to standard error's terminal; null if standard error is no terminal.</param>
    /// <param name="hasDisplay">Whether the terminal shows each exchange, so that the log does not.</param>
    public static void AddStandardError(this ILoggingBuilder logging, IConfiguration configuration, TerminalWriter? terminal, bool hasDisplay)
    {
        if (!Libc.IsInherited(Libc.StandardError))
        {
            // Standard error is closed. The log has no other place, and results do not depend on it.
            return;
        }

        LogLineFormat format = Settings.IsJsonLog(configuration) ? LogLine.AppendJson
            : terminal is not null ? LogLine.AppendSentence
            : JournalStream.IsStandardError() ? LogLine.AppendText
            : LogLine.AppendDatedText;
        logging.Services.AddSingleton<ILoggerProvider>(services => new LineLoggerProvider(
            terminal is null ? OpenStandardError() : new TerminalLog(terminal), format, services.GetRequiredService<TimeProvider>()));

        // The server announces its own start and stop. Of the host, only what ends the server is of interest: a background service that failed.
        logging.AddFilter("Microsoft", LogLevel.Warning);
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
        if (Settings.IsQuiet(configuration))
        {
            logging.SetMinimumLevel(LogLevel.Warning);
        }
        else if (hasDisplay)
        {
            logging.AddFilter(LogCategory.Exchange, LogLevel.Warning);
        }

        logging.AddConfiguration(configuration.GetSection("Logging"));
    }

    /// <summary>Has a buffer for many lines: <see cref="Console.Error"/> makes a system call for every 256 characters.</summary>
    private static StreamWriter OpenStandardError() => new(Console.OpenStandardError(), bufferSize: 32 * 1024);
}
