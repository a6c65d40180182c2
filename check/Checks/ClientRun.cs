using System.Diagnostics;

namespace AccioKestrel.Checker;

/// <summary>One run of the client under check.</summary>
internal sealed class ClientRun : IAsyncDisposable
{
    private const string LocalHost = "127.0.0.1";

    private readonly CheckContext _context;
    private readonly long _started = Stopwatch.GetTimestamp();

    public ClientRun(CheckContext context, int port, string file)
        : this(context, context.Target.Fill(("{host}", LocalHost), ("{port}", CheckContext.Number(port)), ("{file}", file)))
    {
    }

    /// <param name="context">The check.</param>
    /// <param name="command">The command, complete.</param>
    public ClientRun(CheckContext context, string[] command)
    {
        _context = context;
        Program = new ProgramRun(command, context.Target.Memory);
    }

    public ProgramRun Program { get; }

    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(_started);

    /// <summary>How it has ended, and what it said.</summary>
    public string End => $"{Ended(Program.ExitCode)}; {Program.Complaint}";

    public async Task ExpectSuccessAsync()
    {
        const string expected = "an end with code 0 after the transfer";
        _context.Expect(expected);
        var code = await Program.ExitAsync(ServerRun.Soon);
        if (code != 0)
        {
            throw FindingException.Fail(expected, $"{Ended(code)}; {Program.Complaint}", Hints.FromErrors(Program.Errors.Text));
        }
    }

    /// <summary>Waits for its end with an error.</summary>
    /// <returns>How it has ended.</returns>
    public async Task<string> ExpectErrorAsync(string after, TimeSpan limit)
    {
        var expected = $"after {after}: an end with a code other than 0, and standard error that begins with ERROR:";
        _context.Expect(expected);
        var code = await Program.ExitAsync(limit);
        if (code is null or 0 || !Program.Errors.Text.StartsWith("ERROR:", StringComparison.Ordinal))
        {
            // One that has seen the error only tells it wrongly. Of one that has not, the check knows the mistake.
            throw FindingException.Fail(
                expected,
                $"{(code is null ? $"it still runs after {Size.Of(limit)}" : Ended(code))}; {Program.Complaint}",
                code is null or 0 ? null : "Catch the error, write a line that begins with ERROR: to standard error, and end with a code other than 0.");
        }

        return $"{Ended(code)} after {Size.Of(Elapsed)}; {Program.Complaint}";
    }

    public ValueTask DisposeAsync() => Program.DisposeAsync();

    private static string Ended(int? code) => code switch
    {
        null => "it still runs",
        > 128 => $"code {code}: signal {code - 128} has killed it",
        _ => $"code {code}",
    };
}
