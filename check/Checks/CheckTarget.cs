using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;

namespace AccioKestrel.Checker;

/// <summary>What is checked: a command that starts a server or a client, or a server that already runs somewhere.</summary>
internal sealed class CheckTarget
{
    /// <summary>The most memory that a program may have, in MiB, unless another limit is asked for: more than any right one takes.</summary>
    public const int DefaultMemory = 1536;

    private readonly ConcurrentDictionary<string, Lazy<Task<TransferResult>>> _transfers = new(StringComparer.Ordinal);
    private Lazy<Task<JsonElement>>? _namespace;

    /// <summary>The command with its placeholders; empty for a running server.</summary>
    public IReadOnlyList<string> Command { get; init; } = [];

    /// <summary>A running server, instead of a command.</summary>
    public IPEndPoint? Running { get; init; }

    /// <summary>The submission's folder, whose commits and files are checked; null if there is none.</summary>
    public string? Folder { get; init; }

    /// <summary>The commit from which new commits count; null if all count.</summary>
    public string? BaseCommit { get; init; }

    /// <summary>What stands between client and server in the emulated checks.</summary>
    public required Emulation Emulation { get; init; }

    /// <summary>The most memory that each run of the command may have, in MiB.</summary>
    public int Memory { get; init; } = DefaultMemory;

    /// <summary>The command with its placeholders filled in.</summary>
    public string[] Fill(params ReadOnlySpan<(string Name, string Value)> values)
    {
        var filled = Command.ToArray();
        foreach (var (name, value) in values)
        {
            for (var index = 0; index < filled.Length; index++)
            {
                filled[index] = filled[index].Replace(name, value, StringComparison.Ordinal);
            }
        }

        return filled;
    }

    /// <summary>A transfer that two criteria look at is made once.</summary>
    public Task<TransferResult> TransferOnceAsync(string name, Func<Task<TransferResult>> transfer) =>
        _transfers.GetOrAdd(name, _ => new Lazy<Task<TransferResult>>(transfer)).Value;

    /// <summary>The run in a network namespace, which is made once for both of its checks.</summary>
    public Task<JsonElement> NamespaceOnceAsync(Func<Task<JsonElement>> run)
    {
        Interlocked.CompareExchange(ref _namespace, new Lazy<Task<JsonElement>>(run), null);
        return _namespace.Value;
    }

    /// <summary>Lets each transfer be made once more.</summary>
    public void ForgetTransfers()
    {
        _transfers.Clear();
        _namespace = null;
    }
}
