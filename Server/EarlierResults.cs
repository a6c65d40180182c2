using System.Text.Json;
using AccioKestrel.Diagnostics;
using AccioKestrel.Exchange;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AccioKestrel.Server;

/// <summary>
/// Reads the file of results once, so that totals and last results of the status page include those of earlier processes. In the
/// background: a million results take seconds, and the first client must not wait for them.
/// </summary>
internal sealed class EarlierResults(string path, ResultsFile file, ExchangeHistory history, ILogger logger) : BackgroundService
{
    /// <summary>A longer line is no result.</summary>
    private const int LongestLine = 64 * 1024;

    private readonly long[] _failed = new long[Enum.GetValues<ExchangeFailure>().Length];
    private readonly Queue<CompletedExchange> _recent = new(ExchangeHistory.Remembered);
    private DateTimeOffset? _since;
    private long _ended;
    private long _bytes;
    private long _foreign;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.Run(() => Read(stoppingToken), stoppingToken);

    private void Read(CancellationToken cancellationToken)
    {
        try
        {
            foreach (var line in Lines())
            {
                cancellationToken.ThrowIfCancellationRequested();
                Count(line.Span);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            AccioLog.EarlierResultsUnread(logger, path, exception.Message);
        }

        if (_since is { } since)
        {
            history.Earlier = new EarlierExchanges(since, _ended, _failed, _bytes, [.. _recent.Reverse()]);
            AccioLog.EarlierResultsRead(logger, path, _ended);
        }

        if (_foreign > 0)
        {
            AccioLog.ForeignLines(logger, path, _foreign);
        }
    }

    /// <summary>The lines that the file had when the server was started, without their ends.</summary>
    private IEnumerable<ReadOnlyMemory<byte>> Lines()
    {
        if (file.EarlierLength == 0)
        {
            yield break;
        }

        using var bytes = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.SequentialScan);
        var buffer = new byte[LongestLine];
        var kept = 0;
        for (var offset = 0L; offset < file.EarlierLength;)
        {
            var count = RandomAccess.Read(bytes, buffer.AsSpan(kept, (int)Math.Min(buffer.Length - kept, file.EarlierLength - offset)), offset);
            if (count == 0)
            {
                // It has been shortened since.
                yield break;
            }

            offset += count;
            var (start, filled) = (0, kept + count);
            for (int length; (length = buffer.AsSpan(start, filled - start).IndexOf((byte)'\n')) >= 0; start += length + 1)
            {
                yield return buffer.AsMemory(start, length);
            }

            kept = filled - start;
            if (kept == buffer.Length)
            {
                // Parts of a line that is too long are no results either.
                yield return buffer;
                kept = 0;
            }

            buffer.AsSpan(start, kept).CopyTo(buffer);
        }
    }

    private void Count(ReadOnlySpan<byte> line)
    {
        if (Parse(line) is not { } result)
        {
            _foreign++;
            return;
        }

        _since ??= result.StartedAt;
        _ended++;
        _bytes += result.Bytes;
        if (result.Failure is { } failure)
        {
            _failed[(int)failure]++;
        }

        if (_recent.Count == ExchangeHistory.Remembered)
        {
            _recent.Dequeue();
        }

        _recent.Enqueue(result);
    }

    private static CompletedExchange? Parse(ReadOnlySpan<byte> line)
    {
        // Without this check, an exception would be thrown for each line of a file that is something else.
        if (!line.StartsWith((byte)'{'))
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize(line, ResultsJson.Default.ResultLine)?.ToResult();
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
