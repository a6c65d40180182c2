using System.Globalization;
using System.Net.Sockets;

namespace AccioKestrel.Checker;

/// <summary>What one check works with: the program under check, its progress, its parts. Everything that it has started ends with it.</summary>
/// <param name="check">The check.</param>
/// <param name="target">The program under check.</param>
/// <param name="seed">What makes the check's random numbers repeatable.</param>
internal sealed class CheckContext(Check check, CheckTarget target, int seed) : IAsyncDisposable
{
    private static readonly TimeSpan s_lastWords = TimeSpan.FromSeconds(0.3);

    private readonly List<SubCheck> _subChecks = [];
    private readonly List<IAsyncDisposable> _resources = [];
    private readonly List<string> _lax = [];
    private readonly AsyncLocal<Part?> _part = new();

    /// <summary>What the check itself waits for, outside of its parts.</summary>
    private readonly Part _whole = new();
    private Finding? _firstFailure;
    private bool _isOver;

    public CheckTarget Target => target;

    public IReadOnlyList<SubCheck> SubChecks => _subChecks;

    /// <summary>What is being waited for, in words.</summary>
    public string Progress { get; private set; } = "";

    public Random Random { get; } = new(HashCode(seed, check.Id));

    /// <summary>The seed of the whole run.</summary>
    public int RunSeed => seed;

    /// <summary>The seed of this check.</summary>
    public int Seed => HashCode(seed, check.Id);

    /// <summary>Says what is waited for now. If the wait fails, this is what was expected.</summary>
    /// <param name="what">It, in words.</param>
    /// <param name="hint">The likely mistake then; null for that of the check.</param>
    public void Expect(string what, string? hint = null)
    {
        Progress = what;
        (Current.Expected, Current.Hint) = (what, hint);
    }

    /// <summary>One part: its failure is kept, and the parts after it are still tried.</summary>
    public async Task PartAsync(string name, Func<Task<string>> part)
    {
        // Parts run side by side: each has an expectation of its own.
        _part.Value = new Part { Expected = Progress, Program = Current.Program };
        try
        {
            var detail = await part();
            lock (_subChecks)
            {
                _subChecks.Add(new SubCheck(name, Passed: true, detail));
            }
        }
        catch (Exception exception) when (IsExplained(exception))
        {
            var finding = await ExplainAsync(exception);
            lock (_subChecks)
            {
                _subChecks.Add(new SubCheck(name, Passed: false, $"expected {finding.Expected}; seen: {finding.Seen}"));
                _firstFailure ??= finding with { Seen = $"{name}: {finding.Seen}" };
            }
        }
    }

    /// <summary>Something that works, but is not what the text says.</summary>
    public void NotStrict(string reason) => _lax.Add(reason);

    /// <summary>Starts the server, and waits until it listens.</summary>
    public async Task<ServerRun> StartServerAsync()
    {
        var server = await StartServerUnheardAsync();
        await server.WaitUntilListeningAsync();
        return server;
    }

    /// <summary>Starts the server.</summary>
    public Task<ServerRun> StartServerUnheardAsync()
    {
        Expect("the server to listen on its port");
        return Task.FromResult(Own(new ServerRun(this)));
    }

    public T Own<T>(T resource)
        where T : IAsyncDisposable
    {
        Current.Program = resource switch { ServerRun { HasOutput: true } server => server.Program, ClientRun client => client.Program, _ => Current.Program };
        lock (_resources)
        {
            if (!_isOver)
            {
                _resources.Add(resource);
                return resource;
            }
        }

        // A check that has met its limit, or was interrupted, goes on until its next step.
        _ = resource.DisposeAsync().AsTask();
        throw new OperationCanceledException();
    }

    /// <summary>Throws if a part has failed, or if something was not strict.</summary>
    public void Conclude()
    {
        if (_firstFailure is { } finding)
        {
            throw new FindingException(Verdict.Fail, finding);
        }

        if (_lax.Count > 0)
        {
            throw new FindingException(Verdict.NotStrict, new Finding("what the text says, to the letter", string.Join("; ", _lax), Hint: null));
        }
    }

    /// <summary>
    /// Whether it is a failed wait or step, and no defect of this program. To be asked in a filter, which is run before the check's connections
    /// are closed: what a program that still runs says of that belongs to no finding.
    /// </summary>
    public bool IsExplained(Exception exception)
    {
        Current.LastWords = exception is SocketException or PeerException { Seen: PeerException.End } ? null : Current.Program?.LastWords;
        return exception is FindingException { Verdict: Verdict.Fail } or PeerException or TimeoutException or SocketException;
    }

    /// <summary>What a failed wait or step means. What a connection shows is followed by the program's last words, which often tell why.</summary>
    public async Task<Finding> ExplainAsync(Exception exception)
    {
        if (exception is FindingException { Finding: var finding })
        {
            return finding;
        }

        var part = Current;
        if (part is { Program: { } program, LastWords: null })
        {
            // A program that ends closes its connections before the last of its output is read.
            await program.ExitAsync(s_lastWords);
            part.LastWords = program.LastWords;
        }

        return new Finding(
            exception is PeerException peer ? $"{part.Expected}: {peer.Expected}" : part.Expected,
            exception switch
            {
                PeerException { Seen: var seen } => seen,
                SocketException { SocketErrorCode: SocketError.ConnectionRefused } => "the connection was refused: no program listens there",
                SocketException { SocketErrorCode: SocketError.ConnectionReset or SocketError.Shutdown } => "the connection was reset",
                SocketException socket => $"an error of the connection ({socket.SocketErrorCode})",
                _ => "nothing, until the limit of this wait",
            } + part.LastWords,
            Hints.FromErrors(part.Program?.Errors.Text ?? "") ?? part.Hint);
    }

    public async ValueTask DisposeAsync()
    {
        lock (_resources)
        {
            _isOver = true;
        }

        for (var index = _resources.Count - 1; index >= 0; index--)
        {
            await _resources[index].DisposeAsync();
        }
    }

    private Part Current => _part.Value ?? _whole;

    /// <summary>The same in each run, unlike <see cref="string.GetHashCode()"/>.</summary>
    private static int HashCode(int seed, string id) => id.Aggregate(seed, (hash, character) => unchecked((hash * 31) + character)) & int.MaxValue;

    /// <summary>A number as the protocol prints it.</summary>
    public static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>What a part waits for, and of which program.</summary>
    private sealed class Part
    {
        public string Expected { get; set; } = "";

        public string? Hint { get; set; }

        public ProgramRun? Program { get; set; }

        public string? LastWords { get; set; }
    }
}
