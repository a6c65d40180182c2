using System.Globalization;
using System.Text.RegularExpressions;

namespace AccioKestrel.Tests.Client;

/// <summary>The real client as a process: what it prints and how it ends is all that the tests know of it.</summary>
internal static partial class ClientProcess
{
    public static string Binary { get; } = PortableBranches.ProgramOf("AccioClient");

    /// <summary>Starts it against a server on this machine.</summary>
    /// <param name="port">The server's port.</param>
    /// <param name="file">What to send.</param>
    /// <param name="options">Its options, separated by spaces.</param>
    /// <param name="shell">A bash script that starts it as <c>"$0" "$@"</c>, for what only a shell can set up.</param>
    /// <param name="host">The server's name or address.</param>
    public static ChildProcess Start(int port, string file, string options = "", string? shell = null, string host = "127.0.0.1")
    {
        Needs.Linux("files such as /dev/null, and the words of its errors");
        string[] arguments = [host, AccioServer.Number(port), file, .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries)];
        return shell is null ? new ChildProcess(Binary, arguments) : new ChildProcess("/bin/bash", ["-c", shell, Binary, .. arguments]);
    }

    /// <summary>Runs it to its end, which must have exit code 0 and no output.</summary>
    public static async Task SendAsync(int port, string file, string options = "", string? shell = null, string host = "127.0.0.1")
    {
        await using var client = Start(port, file, options, shell, host);
        await client.ExpectSuccessAsync();
    }

    public static async Task ExpectSuccessAsync(this ChildProcess client, string errors = "")
    {
        var code = await client.ExitAsync();
        Assert.Equal(errors, WithoutWait(client));
        Assert.Equal(0, code);
        Assert.Empty(client.Output.ToString());
    }

    /// <summary>Closes the server's side, after everything was received: the client must take it for a success.</summary>
    public static async Task CloseAfterSuccessAsync(this FakeServer server, ChildProcess client)
    {
        server.Close();
        await client.ExpectSuccessAsync();
    }

    /// <summary>Waits for its end, which must be one line of error, with all of these texts in it.</summary>
    public static async Task ExpectErrorAsync(this ChildProcess client, params string[] texts)
    {
        var code = await client.ExitAsync();
        var errors = client.Errors.ToString();
        Assert.Equal(1, code);
        Assert.StartsWith("ERROR: ", errors, StringComparison.Ordinal);
        Assert.Equal(errors.Length - 1, errors.IndexOf('\n', StringComparison.Ordinal));
        Assert.All(texts, text => Assert.Contains(text, errors, StringComparison.Ordinal));
        Assert.Empty(client.Output.ToString());
    }

    /// <summary>What it has said, without the line about its time in the queue: on a busy machine the server's first command can be late.</summary>
    private static string WithoutWait(ChildProcess client) => Wait().Replace(client.Errors.ToString(), "");

    /// <summary>The most memory that it has had so far.</summary>
    public static long PeakBytes(this ChildProcess client) =>
        1024 * long.Parse(
            File.ReadLines($"/proc/{client.Id}/status").Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal))
                .Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
            CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^Waited in the queue for \d+ s\.\r?\n", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Wait();
}
