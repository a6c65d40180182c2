using System.Net.ServerSentEvents;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.Hosting;

namespace AccioKestrel;

/// <summary>Puts together what the status page shows, once or as a stream.</summary>
internal sealed class StatusReporter(
    ExchangeJournal journal, AccioListeners listeners, RateHistory rates, IHostApplicationLifetime lifetime, TimeProvider time)
{
    /// <summary>Often enough that a transfer looks alive.</summary>
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(0.25);

    private static readonly TimeSpan s_reconnection = TimeSpan.FromSeconds(1);

    private static readonly string s_version =
        typeof(StatusReporter).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    private static readonly ExchangeFailure[] s_failures = Enum.GetValues<ExchangeFailure>();

    public StatusReport Report()
    {
        long samples = 0;
        long ended = -1;
        return Report(ref ended, ref samples);
    }

    /// <summary>A report four times a second, until the client or the server goes.</summary>
    public async IAsyncEnumerable<SseItem<StatusReport>> Watch([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // The host waits for requests when it stops, and this one would go on for ever.
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        using var timer = new PeriodicTimer(s_interval, time);
        long samples = 0;
        long ended = -1;
        do
        {
            yield return new SseItem<StatusReport>(Report(ref ended, ref samples), "status") { ReconnectionInterval = s_reconnection };
        }
        while (await NextAsync(timer, over.Token));
    }

    /// <param name="ended">How many ended exchanges the reader has seen; afterwards, how many there are.</param>
    /// <param name="samples">How many samples of the rate the reader has seen; afterwards, how many there are.</param>
    private StatusReport Report(ref long ended, ref long samples)
    {
        var seen = ended;
        ended = journal.EndedCount;
        return new StatusReport(
            s_version,
            journal.StartedAt,
            journal.Uptime.TotalSeconds,
            [.. listeners.Bound.Select(listener => listener.EndPoint.ToString()!)],
            listeners.Waiting,
            journal.Current is { } current ? Report(current) : null,
            new TotalsReport(
                ended,
                journal.Count(failure: null),
                s_failures.ToDictionary(failure => Name(failure), failure => journal.Count(failure), StringComparer.Ordinal),
                journal.ReceivedBytes,
                listeners.ClientsLost + listeners.Shortages),
            ended == seen ? null : [.. journal.Recent().Select(Report)],
            new RatesReport(RateHistory.Interval.TotalSeconds, rates.Since(ref samples)));
    }

    private CurrentReport Report(ExchangeRecord record)
    {
        var elapsed = record.Elapsed;
        return new(
            record.ConnectionId, record.Peer?.ToString(), Name(record.Step), record.Bytes, elapsed.TotalSeconds, record.Silence.TotalSeconds,
            // Until there is a sample of this exchange alone.
            elapsed < 2 * RateHistory.Interval ? PerSecond(record.Bytes, elapsed) : rates.Latest);
    }

    private static ResultReport Report(ExchangeResult result) => new(
        result.ConnectionId,
        result.Peer?.ToString(),
        result.EndedAt,
        result.Outcome.Bytes,
        result.Outcome.Failure is { } failure ? Name(failure) : null,
        Name(result.Step),
        result.Duration.TotalSeconds,
        PerSecond(result.Outcome.Bytes, result.Duration));

    private static double PerSecond(long bytes, TimeSpan time) => time > TimeSpan.Zero ? bytes / time.TotalSeconds : 0;

    private static string Name<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.CamelCase.ConvertName(value.ToString());

    private static async ValueTask<bool> NextAsync(PeriodicTimer timer, CancellationToken cancellationToken)
    {
        try
        {
            return await timer.WaitForNextTickAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
