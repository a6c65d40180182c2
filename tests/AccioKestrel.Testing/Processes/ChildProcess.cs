using System.Diagnostics;
using System.Globalization;

namespace AccioKestrel.Testing;

/// <summary>A process and all that it writes. One that still runs at the end of its test is killed with its children.</summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private const string Shell = "/bin/bash";

    private readonly Process _process;
    private bool _disposed;

    public ChildProcess(string program, IEnumerable<string> arguments, params (string Name, string Value)[] environment)
    {
        if (program is Shell)
        {
            Needs.Linux("a script for its shell and tools");
        }

        var start = new ProcessStartInfo(program, arguments)
        {
            // A directory without a settings file, which the program would read.
            WorkingDirectory = AppContext.BaseDirectory,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // The environment of the tests may turn colours off. The programs' output must not depend on it.
        start.Environment.Remove("NO_COLOR");
        // Tests compare the messages of shells and tools, which depend on the language.
        start.Environment["LC_ALL"] = "C.UTF-8";
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
        await using var shell = new ChildProcess(Shell, ["-c", script, .. arguments]);
        Assert.True(await shell.ExitAsync() == 0, $"Exit code not 0: {script}\n{shell.Errors}");
        return shell.Output.ToString();
    }

    /// <summary>Whether a program is installed. A test that needs a missing one is skipped, visibly.</summary>
    public static bool Exists(string program) =>
        Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, program)));

    /// <summary>Writes an empty line to its standard input, for what a script waits for.</summary>
    public Task InputLineAsync() => InputAsync("\n");

    /// <summary>Writes to its standard input.</summary>
    public async Task InputAsync(string text)
    {
        await _process.StandardInput.WriteAsync(text.AsMemory(), TestContext.Current.CancellationToken).OrGiveUp();
        await _process.StandardInput.FlushAsync().OrGiveUp();
    }

    /// <summary>Ends its standard input.</summary>
    public void EndInput() => _process.StandardInput.Close();

    /// <summary>Waits for the end of the process and of its output.</summary>
    /// <param name="limit">The limit of the wait, if it is another than usual.</param>
    /// <returns>The exit code.</returns>
    public async Task<int> ExitAsync(TimeSpan? limit = null)
    {
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(limit ?? Patience.Limit);
        await Task.WhenAll(Output.Ended, Errors.Ended).OrGiveUp();
        return _process.ExitCode;
    }

    /// <summary>Can be called twice: a process that was handed over to an <see cref="AccioServer"/> has two owners.</summary>
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
