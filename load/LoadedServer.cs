using System.Globalization;

namespace AccioKestrel.Load;

/// <summary>The server under load. Each line that it prints is compared with the expected one.</summary>
internal sealed class LoadedServer : IAsyncDisposable
{
    private readonly AccioServer _server;
    private int _read;

    private LoadedServer(AccioServer server) => _server = server;

    public int Port => _server.Port;

    public static async Task<LoadedServer> StartAsync(string options = "") => new(await AccioServer.StartAsync(
        FormattableString.Invariant($"--idle-timeout {Behaviour.IdleTimeout.TotalSeconds} {options}"),
        // Without a log line for each of ten thousand clients, which is not what is measured.
        environment: ("Logging__LogLevel__AccioKestrel.AccioConnectionHandler", "Critical")));

    public Task<AccioClient> ConnectAsync() => _server.ConnectAsync();

    /// <summary>Waits for these lines, and compares them one by one.</summary>
    public async Task ExpectAsync(IEnumerable<string> lines)
    {
        var expected = string.Concat(lines.Select(line => $"{line}\n"));
        var printed = await _server.Output.ReadAsync(_read, expected.Length);
        _read += expected.Length;
        if (!printed.Equals(expected, StringComparison.Ordinal))
        {
            var (expectedLines, printedLines) = (expected.Split('\n'), printed.Split('\n'));
            var first = expectedLines.Zip(printedLines).TakeWhile(pair => pair.First.Equals(pair.Second, StringComparison.Ordinal)).Count();
            throw new LoadException($"Line {first + 1} of {expectedLines.Length - 1} is {printedLines.ElementAtOrDefault(first)}, not {expectedLines[first]}.");
        }
    }

    /// <summary>All lines that were not compared yet, once the last of them is this one.</summary>
    public async Task<string[]> ReadUntilAsync(string last)
    {
        var text = await _server.Output.WaitUntilAsync(text => text.EndsWith($"\n{last}\n", StringComparison.Ordinal));
        var lines = text[_read..].Split('\n', StringSplitOptions.RemoveEmptyEntries);
        _read = text.Length;
        return lines;
    }

    public Usage Usage() => Load.Usage.Of(_server.ProcessId);

    /// <summary>Stops the server, which has nothing more to print.</summary>
    public async Task StopAsync()
    {
        Signal.Terminate.SendTo(_server.ProcessId);
        var code = await _server.ExitAsync();
        var rest = _server.Output.ToString()[_read..];
        if (code != 0 || rest.Length > 0)
        {
            throw new LoadException(string.Create(CultureInfo.InvariantCulture, $"The server ended with code {code}, and with these lines too many: {rest}"));
        }
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
