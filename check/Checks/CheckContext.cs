using System.Globalization;
using System.Net.Sockets;

namespace AccioKestrel.Checker;

/// <summary>What one check works with: the program under check, its progress, its parts. Everything that it has started ends with it.</summary>
/// <param name="check">The check.</param>
/// <param name="target">The program under check.</param>
/// <param name="seed">What makes the check's random numbers repeatable.</param>
internal sealed class CheckContext(Check check, CheckTarget target, int seed) : IAsyncDisposable
{
    private readonly List<SubCheck> _subChecks = [];
    private readonly List<IAsyncDisposable> _resources = [];
    private readonly List<string> _lax = [];
    private readonly AsyncLocal<Part?> _part = new();
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
    public void Expect(string what)
    {
        Progress = what;
        if (_part.Value is { } part)
        {
            part.Expected = what;
        }
    }

    /// <summary>One part: its failure is kept, and the parts after it are still tried.</summary>
    public async Task PartAsync(string name, Func<Task<string>> part)
    {
        // Parts run side by side: each has an expectation of its own.
        _part.Value = new Part { Expected = Progress };
        try
        {
            var detail = await part();
            lock (_subChecks)
            {
                _subChecks.Add(new SubCheck(name, Passed: true, detail));
            }
        }
        catch (Exception exception) when (Explain(exception) is { } finding)
        {
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
        lock (_resources)
        {
            if (!_isOver)
            {
                _resources.Add(resource);
                return resource;
            }
        }

        // A check that has met its limit, or was interrupted, goes on until its next step.
        _ = resource.DisposeAsync();
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

    /// <summary>What a failed wait or step means, or null for a defect of this program.</summary>
    public Finding? Explain(Exception exception) => exception switch
    {
        FindingException { Verdict: Verdict.Fail, Finding: var finding } => finding,
        PeerException peer => new Finding($"{Expected}: {peer.Expected}", peer.Seen, Hint: null),
        TimeoutException => new Finding(Expected, "nothing, until the limit of this wait", Hint: null),
        SocketException { SocketErrorCode: SocketError.ConnectionRefused } => new Finding(Expected, "the connection was refused: no program listens there", Hint: null),
        SocketException { SocketErrorCode: SocketError.ConnectionReset or SocketError.Shutdown } => new Finding(Expected, "the connection was reset", Hint: null),
        SocketException socket => new Finding(Expected, $"an error of the connection ({socket.SocketErrorCode})", Hint: null),
        _ => null,
    };

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

    private string Expected => _part.Value?.Expected ?? Progress;

    /// <summary>The same in each run, unlike <see cref="string.GetHashCode()"/>.</summary>
    private static int HashCode(int seed, string id) => id.Aggregate(seed, (hash, character) => unchecked((hash * 31) + character)) & int.MaxValue;

    /// <summary>A number as the protocol prints it.</summary>
    public static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>What a part waits for.</summary>
    private sealed class Part
    {
        public required string Expected { get; set; }
    }
}
