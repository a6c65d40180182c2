using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AccioKestrel.Server;

/// <summary>
/// Holds back the log until the server has started. So the log announces nothing that does not happen, and after a failed start the
/// error is the first line.
/// </summary>
internal sealed class HeldLoggerFactory(
    IEnumerable<ILoggerProvider> providers, IOptionsMonitor<LoggerFilterOptions> filters, IOptions<LoggerFactoryOptions> options) : ILoggerFactory
{
    private readonly LoggerFactory _factory = new(providers, filters, options);
    private readonly Lock _lock = new();
    private volatile List<Action>? _held = [];

    public static void AddTo(IServiceCollection services) => services
        .AddSingleton<HeldLoggerFactory>()
        .Replace(ServiceDescriptor.Singleton<ILoggerFactory>(provider => provider.GetRequiredService<HeldLoggerFactory>()));

    /// <summary>Writes the held entries in order. Later entries are written at once.</summary>
    public void Release()
    {
        lock (_lock)
        {
            _held?.ForEach(log => log());
            _held = null;
        }
    }

    public ILogger CreateLogger(string categoryName) => new HeldLogger(this, _factory.CreateLogger(categoryName));

    public void AddProvider(ILoggerProvider provider) => _factory.AddProvider(provider);

    public void Dispose() => _factory.Dispose();

    private bool TryHold(Action log)
    {
        lock (_lock)
        {
            _held?.Add(log);
            return _held is not null;
        }
    }

    private sealed class HeldLogger(HeldLoggerFactory factory, ILogger logger) : ILogger
    {
        public bool IsEnabled(LogLevel logLevel) => logger.IsEnabled(logLevel);

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => logger.BeginScope(state);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (factory._held is null || !Hold(logLevel, eventId, state, exception, formatter))
            {
                logger.Log(logLevel, eventId, state, exception, formatter);
            }
        }

        // A method of its own, so that only held entries allocate a closure.
        private bool Hold<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            factory.TryHold(() => logger.Log(logLevel, eventId, state, exception, formatter));
    }
}
