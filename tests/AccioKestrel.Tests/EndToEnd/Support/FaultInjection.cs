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
    private readonly string _trace = Path.GetTempFileName();

    /// <summary>Starts a server, which is the process that the test has started, with strace beside it; or skips the test where that is not possible.</summary>
    /// <param name="options">The server's options.</param>
    /// <param name="redirection">Of its standard streams, as the shell has it.</param>
    public Task<AccioServer> StartAsync(string options = "", string redirection = "")
    {
        Assert.SkipUnless(ChildProcess.Exists("strace"), "strace is not installed.");
        return AccioServer.StartAsync(
            options,
            $"""exec strace -D -f -qq -o {_trace} -e trace={call} -e inject={call}:error={error}:when={when} {only} "$0" "$@" {redirection}""",
            ("Logging__LogLevel__AccioKestrel", "Debug"));
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

    public void Dispose() => File.Delete(_trace);
}
