using System.Collections.Concurrent;
using System.Diagnostics;

namespace AccioKestrel.Checker;

/// <summary>Runs checks side by side, each after those that it builds on.</summary>
internal sealed class CheckRunner(CheckTarget target, int seed, int jobs, bool strict, ICheckDisplay display)
{
    /// <summary>How often a check is made on a machine that is too busy for it.</summary>
    private const int MostRounds = 3;

    private readonly ConcurrentBag<Exception> _defects = [];

    /// <summary>Errors of this program itself.</summary>
    public IReadOnlyCollection<Exception> Defects => _defects;

    /// <returns>The results in the order of the checks.</returns>
    public async Task<CheckResult[]> RunAsync(IReadOnlyList<Check> checks, CancellationToken cancellationToken)
    {
        using var places = new SemaphoreSlim(jobs);
        await using var lateness = new LatenessMeter();
        var results = checks.ToDictionary(check => check.Id, _ => new TaskCompletionSource<CheckResult>(TaskCreationOptions.RunContinuationsAsynchronously), StringComparer.Ordinal);
        // The long ones first: the time of the whole is the time of the longest.
        var running = checks.OrderByDescending(check => check.Seconds).Select(check => Task.Run(() => JudgeAsync(check), CancellationToken.None)).ToArray();
        await Task.WhenAll(running);
        return [.. checks.Select(check => results[check.Id].Task.Result)];

        async Task JudgeAsync(Check check)
        {
            var result = await FailedOfAsync(check.Needs) is { } need
                ? new CheckResult(check, Verdict.Skipped, new Finding(Expected: null, $"not run, because it builds on {need.Id}, which has not passed", Hint: null), [], TimeSpan.Zero)
                : await RunInPlaceAsync(check);
            if (result.Verdict is Verdict.Fail && await FailedOfAsync(check.Follows) is { } cause)
            {
                result = result with { Verdict = Verdict.Skipped, Finding = result.Finding! with { Seen = $"{result.Finding.Seen} (not judged, because {cause.Id} explains it)" } };
            }

            display.Ended(result);
            results[check.Id].SetResult(result);
        }

        async Task<CheckResult> RunInPlaceAsync(Check check)
        {
            await places.WaitAsync(CancellationToken.None);
            try
            {
                for (var round = 1; ; round++)
                {
                    var begun = Stopwatch.GetTimestamp();
                    var result = await RunAsync(check, cancellationToken);
                    if (result.Verdict is not (Verdict.Fail or Verdict.Unavailable) || round == MostRounds || !lateness.WasLateSince(begun))
                    {
                        return result;
                    }

                    target.ForgetTransfers();
                }
            }
            finally
            {
                places.Release();
            }
        }

        // A check that was not asked for counts as passed.
        async Task<Check?> FailedOfAsync(string[] ids)
        {
            foreach (var id in ids)
            {
                if (results.TryGetValue(id, out var result) && await result.Task is { Verdict: Verdict.Fail or Verdict.Skipped })
                {
                    return (await result.Task).Check;
                }
            }

            return null;
        }
    }

    private async Task<CheckResult> RunAsync(Check check, CancellationToken cancellationToken)
    {
        var begun = Stopwatch.GetTimestamp();
        var context = new CheckContext(check, target, seed);
        await using var ending = context;
        display.Started(check, context);
        try
        {
            await check.RunAsync(context).WaitAsync(check.Limit, cancellationToken);
            context.Conclude();
            return Result(Verdict.Pass, finding: null);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return Result(Verdict.Unavailable, new Finding(Expected: null, "interrupted", Hint: null));
        }
        catch (FindingException exception) when (exception.Verdict is not Verdict.Fail)
        {
            return Result(exception.Verdict is Verdict.NotStrict && strict ? Verdict.Fail : exception.Verdict, exception.Finding);
        }
        catch (Exception exception) when (context.IsExplained(exception))
        {
            var finding = await context.ExplainAsync(exception);
            return Result(Verdict.Fail, finding with { Hint = finding.Hint ?? check.Hint });
        }
        catch (Exception exception)
        {
            _defects.Add(exception);
            return Result(Verdict.Unavailable, new Finding(Expected: null, $"accio-check itself has failed: {exception.Message}", Hint: null));
        }

        CheckResult Result(Verdict verdict, Finding? finding) => new(check, verdict, finding, [.. context.SubChecks], Stopwatch.GetElapsedTime(begun));
    }
}
