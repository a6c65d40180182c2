using System.Diagnostics;
using System.Globalization;

namespace AccioKestrel.Tests.EndToEnd;

/// <summary>A process and all that it writes. One that still runs at the end of its test is killed with its children.</summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private readonly Process _process;
    private bool _disposed;

    public ChildProcess(string program, IEnumerable<string> arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            // Where no settings file lies about that the program would read.
            WorkingDirectory = AppContext.BaseDirectory,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // Whoever runs the tests may not want colours; what the programs do is not to depend on it.
        start.Environment.Remove("NO_COLOR");
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        _process = Process.Start(start)!;
        Output = new CapturedStream("Standard output", _process.StandardOutput.BaseStream);
        Errors = new CapturedStream("Standard error", _process.StandardError.BaseStream);
    }

    public int Id => _process.Id;

    /// <summary>The process of the program. A script that does not <c>exec</c> it has to say <c>pid N</c> on standard error.</summary>
    public int ProgramId =>
        Errors.ToString().Split('\n').FirstOrDefault(line => line.StartsWith("pid ", StringComparison.Ordinal)) is { } line
            ? int.Parse(line.AsSpan(4), CultureInfo.InvariantCulture)
            : Id;

    public CapturedStream Output { get; }

    public CapturedStream Errors { get; }

    /// <summary>Runs a shell script to its end; "$0", "$1" and so on are the arguments.</summary>
    public static async Task<string> RunShellAsync(string script, params string[] arguments)
    {
        await using var shell = new ChildProcess("/bin/bash", ["-c", script, .. arguments]);
        Assert.True(await shell.ExitAsync() == 0, $"Exit code not 0: {script}\n{shell.Errors}");
        return shell.Output.ToString();
    }

    /// <summary>Whether a program is installed; a test that cannot do without is skipped, visibly.</summary>
    public static bool Exists(string program) =>
        Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(folder => File.Exists(Path.Combine(folder, program)));

    /// <summary>Writes an empty line to its standard input, for what a script waits for.</summary>
    public async Task InputLineAsync()
    {
        await _process.StandardInput.WriteLineAsync().OrGiveUp();
        await _process.StandardInput.FlushAsync().OrGiveUp();
    }

    /// <summary>Waits for the end of the process and of its output.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> ExitAsync()
    {
        await _process.WaitForExitAsync().OrGiveUp();
        await Task.WhenAll(Output.Ended, Errors.Ended).OrGiveUp();
        return _process.ExitCode;
    }

    /// <summary>Harmless when called again: who waits for a server that it has started by itself hands it over.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync().OrGiveUp();
        }

        _process.Dispose();
    }
}
