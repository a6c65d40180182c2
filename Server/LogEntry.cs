using Microsoft.Extensions.Logging;

namespace AccioKestrel.Server;

/// <summary>A log entry.</summary>
/// <param name="Level">Its level.</param>
/// <param name="Category">Its category.</param>
/// <param name="EventId">The stable id of its event.</param>
/// <param name="Message">Its message.</param>
/// <param name="Values">The values in its message, by name.</param>
/// <param name="Exception">Its exception, or null.</param>
internal readonly record struct LogEntry(
    LogLevel Level, string Category, EventId EventId, string Message, IReadOnlyList<KeyValuePair<string, object?>>? Values, Exception? Exception);
