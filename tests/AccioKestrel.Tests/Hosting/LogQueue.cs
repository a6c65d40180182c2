using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace AccioKestrel.Tests.Hosting;

/// <summary>A host's log: keeps the id and the message of each entry.</summary>
internal sealed class LogQueue : ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<(int Id, string Message)> _entries = new();

    public IReadOnlyList<string> Of(int id) => [.. _entries.Where(entry => entry.Id == id).Select(entry => entry.Message)];

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _entries.Enqueue((eventId.Id, formatter(state, exception)));

    public void Dispose()
    {
    }
}
