using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;

namespace AccioKestrel.Fuzz;

/// <summary>The loop: execute, compare with the model, keep what has covered something new, mutate what was kept.</summary>
internal sealed class Fuzzing(bool tls, bool proxy)
{
    private static readonly TimeSpan s_reportEvery = TimeSpan.FromSeconds(30);

    private readonly Coverage _coverage = new();
    private readonly Execution _execution = new(tls, proxy);
    private readonly List<byte[]> _inputs = [];
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private long _executions;

    /// <returns>The exit code: 0, or 1 for an execution that was not as the model says.</returns>
    public int Run(DirectoryInfo corpus, TimeSpan duration, int seed, bool keep)
    {
        // The smallest first: of two inputs with the same coverage, only the first is kept.
        foreach (var input in corpus.GetFiles().Select(file => File.ReadAllBytes(file.FullName)).SelectMany(input => proxy ? Mutator.WithHeaders(input) : [input]).OrderBy(input => input.Length))
        {
            if (!Execute(input))
            {
                return 1;
            }
        }

        if (_coverage.Branches == 0)
        {
            Console.Error.WriteLine("ERROR: nothing was covered: AccioKestrel.dll is not instrumented, or the corpus is empty.");
            return 1;
        }

        var mutator = new Mutator(new Random(seed));
        for (var next = s_reportEvery; _clock.Elapsed < duration;)
        {
            if (!Execute(mutator.Mutate(_inputs)))
            {
                return 1;
            }

            if (_clock.Elapsed > next)
            {
                Report();
                next += s_reportEvery;
            }
        }

        Report();
        if (keep)
        {
            Replace(corpus);
        }

        return 0;
    }

    /// <returns>Whether the handler did as the model says.</returns>
    private bool Execute(byte[] input)
    {
        var script = new Script(input);
        _coverage.Clear();
        object actual;
        try
        {
            actual = _execution.Run(script);
        }
        catch (Exception exception)
        {
            // Any exception is a defect: no input may make the handler throw.
            actual = exception;
        }

        _executions++;
        if (_coverage.FoundNew())
        {
            _inputs.Add(input);
        }

        var expected = proxy ? ProxyModel.Predict(script) : Model.Predict(script);
        if (expected.Equals(actual))
        {
            return true;
        }

        var path = Path.GetFullPath("failed-" + NameOf(input));
        File.WriteAllBytes(path, input);
        Console.Error.WriteLine($"ERROR: the handler and the model differ about {path}\n  model:   {expected}\n  handler: {actual}");
        return false;
    }

    private void Report() => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{_executions:N0} executions in {_clock.Elapsed.TotalSeconds:N0} s ({_executions / _clock.Elapsed.TotalSeconds:N0}/s), " +
        $"{Environment.CpuUsage.TotalTime.TotalSeconds:N0} s of processor time, {_inputs.Count} inputs, {_coverage.Branches} branches"));

    private void Replace(DirectoryInfo corpus)
    {
        foreach (var file in corpus.GetFiles())
        {
            file.Delete();
        }

        foreach (var input in _inputs)
        {
            File.WriteAllBytes(Path.Combine(corpus.FullName, NameOf(input)), input);
        }
    }

    private static string NameOf(byte[] input) => Convert.ToHexString(SHA256.HashData(input))[..16];
}
