using System.Text;

namespace AccioKestrel.Server;

/// <summary>Turns a log entry into one line.</summary>
/// <param name="lines">Where the line is appended, with its end.</param>
/// <param name="at">When the entry was logged, in UTC; for one held back until the server had started, when it was released.</param>
/// <param name="entry">Everything else of the entry.</param>
internal delegate void LogLineFormat(StringBuilder lines, DateTime at, in LogEntry entry);
