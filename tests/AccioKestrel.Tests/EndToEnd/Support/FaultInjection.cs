using System.Diagnostics;
using System.Globalization;

namespace AccioKestrel.Tests.EndToEnd;

/// <summary>
/// Lets a system call of a real server fail, as its manual page says that it may: strace answers in place of the kernel.
/// Calls are counted for each thread by itself, so that even <c>when=1</c> may hit more than once.
/// </summary>
/// <param name="call">The system call.</param>
/// <param name="error">The name of its error.</param>
/// <param name="when">Which calls of a thread: "2" is the second one, "2+" each one from there on.</param>
/// <param name="only">More of strace's options, to choose among the calls.</param>
internal sealed class FaultInjection(string call, string error, string when, string only = "") : IDisposable
{
    /// <summary>What strace says where it may not trace, as in a container without that right; nothing where it may.</summary>
    private static readonly Lazy<Task<string>> s_refusal = new(async () =>
    {
        await using var strace = new ChildProcess("strace", ["-D", "-f", "-qq", "-o", "/dev/null", "true"]);
        return await strace.ExitAsync() == 0 ? strace.Errors.ToString() : $"{strace.Errors}Exit code not 0.";
    });

    /// <summary>What strace does to the call, in its words, if it is something else than an error.</summary>
    public string Effect { get; init; } = $"error={error}";

    private readonly string _trace = Path.GetTempFileName();

    /// <summary>Starts a server, which is the process that the test has started, with strace beside it; or skips the test where that is not possible.</summary>
    /// <param name="options">The server's options.</param>
    /// <param name="redirection">Of its standard streams, as the shell has it.</param>
    /// <param name="environment">Variables of its environment.</param>
    public async Task<AccioServer> StartAsync(string options = "", string redirection = "", params (string Name, string Value)[] environment)
    {
        Needs.Installed("strace");
        var refusal = await s_refusal.Value;
        Assert.SkipWhen(refusal.Length > 0, $"strace may not trace here: {refusal}");
        return await AccioServer.StartAsync(
            options,
            $"""exec strace -D -f -qq -o '{_trace}' -e trace={call} -e inject={call}:{Effect}:when={when} {only} "$0" "$@" {redirection}""",
            [("Logging__LogLevel__AccioKestrel", "Debug"), .. environment]);
    }

    /// <summary>How often it has failed so far. What is traced is written down before the call returns.</summary>
    public int Count
    {
        get
        {
            using var reader = new StreamReader(new FileStream(_trace, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
            return reader.ReadToEnd().Split("(INJECTED)").Length - 1;
        }
    }

    /// <summary>Ends strace, and so the server: strace keeps a server that is killed in a delayed call from ending.</summary>
    public static void Kill(AccioServer server)
    {
        var tracer = File.ReadLines($"/proc/{server.ProcessId}/status").Single(line => line.StartsWith("TracerPid:", StringComparison.Ordinal));
        using var strace = Process.GetProcessById(int.Parse(tracer.AsSpan("TracerPid:".Length), CultureInfo.InvariantCulture));
        strace.Kill();
    }

    public void Dispose() => File.Delete(_trace);
}
