using System.Diagnostics;
using System.Globalization;

namespace AccioKestrel.Tests.Check;

/// <summary>The commands of the checker: usage, exit codes, submissions, and the relay.</summary>
public sealed class CheckerCommandTests
{
    [Theory]
    [InlineData("server")]
    [InlineData("server -- python3 server.py")]
    [InlineData("server -- no-such-program {port}")]
    [InlineData("server --only no-such-check -- python3 {port}")]
    [InlineData("server --report pdf=file -- python3 {port}")]
    [InlineData("server --jobs 0 -- python3 {port}")]
    [InlineData("server --emulate speed=1 -- python3 {port}")]
    [InlineData("server --connect 127.0.0.1")]
    [InlineData("client -- python3 client.py {host} {port}")]
    [InlineData("client --emulate namespace -- python3 {host} {port} {file}")]
    [InlineData("server --jobs x -- python3 {port}")]
    [InlineData("server --seed 99999999999 -- python3 {port}")]
    [InlineData("server --min-score x -- python3 {port}")]
    [InlineData("server --only , -- python3 {port}")]
    [InlineData("server --report json=/no/such/folder/file -- python3 {port}")]
    [InlineData("server --repository /no/such/folder -- python3 {port}")]
    [InlineData("relay 127.0.0.1:0 127.0.0.1:1 --emulate latency=100")]
    [InlineData("relay 127.0.0.1:0 127.0.0.1:1 --emulate namespace")]
    [InlineData("batch /tmp --csv /tmp/table.csv --report json=/tmp/file")]
    [InlineData("batch /tmp --csv /tmp/table.csv --parallel 0")]
    [InlineData("explain no-such-check")]
    [InlineData("submission /no/such/folder")]
    public async Task Usage_ThatMakesNoSense_IsCode2AndOneLine(string arguments)
    {
        var run = await Checker.RunAsync(arguments.Split(' '));
        Assert.Equal(2, run.Code);
        Assert.StartsWith("ERROR: ", run.Errors, StringComparison.Ordinal);
        Assert.Single(run.Errors.TrimEnd('\n').Split('\n'));
        Assert.DoesNotContain("System.", run.Errors, StringComparison.Ordinal);
        Assert.Empty(run.Output);
    }

    [Theory]
    [InlineData("sever -- python3 server.py {port}", "Unknown command sever. Did you mean server? Try accio-check --help.")]
    [InlineData("xyzzy", "Unknown command xyzzy. Try accio-check --help.")]
    [InlineData("--server", "Unknown option --server. Did you mean server? Try accio-check --help.")]
    [InlineData("", "A command is missing: server, client, submission, batch, relay, list, explain. Try accio-check --help.")]
    [InlineData("server --onyl small -- python3 server.py {port}", "Unknown option --onyl. Did you mean --only? Try accio-check server --help.")]
    [InlineData("server python3 server.py {port} -v", "Unknown option -v. The command under check stands behind --. Try accio-check server --help.")]
    [InlineData("server -- python3 no-such-server.py {port}", "There is no file no-such-server.py. Try accio-check server --help.")]
    [InlineData("server --seed -- python3 server.py {port}", "--seed takes NUMBER, but no value follows it. Try accio-check server --help.")]
    [InlineData("server --jobs 3 --jobs 4 -- python3 server.py {port}", "--jobs is given more than once. Try accio-check server --help.")]
    [InlineData("batch /tmp --cvs table.csv", "Unknown option --cvs. Did you mean --csv? Try accio-check batch --help.")]
    [InlineData("batch /tmp", "--csv FILE is missing: the table to write: a row for each submission, a column for each check. Try accio-check batch --help.")]
    [InlineData("submission", "DIR is missing: the submission's folder. Try accio-check submission --help.")]
    [InlineData("explain small large", "'large' is one argument too many. Try accio-check explain --help.")]
    [InlineData("explain smal", "There is no check smal. Did you mean small? Try accio-check explain --help.")]
    public async Task Misspelt_IsNamed_WithWhatIsNear(string arguments, string message)
    {
        var run = await Checker.RunAsync(arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(2, run.Code);
        Assert.Equal($"ERROR: {message}\n", run.Errors);
        Assert.Empty(run.Output);
    }

    [Fact]
    public async Task ExitCode_IsThatOfTheScoredChecks()
    {
        Needs.Installed("python3");
        // It fails beyond the points alone.
        string[] command = ["--", Checker.Python, Checker.Server("only-results"), "{port}"];
        var codes = await Task.WhenAll(
            Checker.RunAsync(["server", "--only", "4,only-results", .. command]),
            Checker.RunAsync(["server", "--only", "4,only-results", "--strict", .. command]),
            Checker.RunAsync(["server", "--only", "only-results", .. command]),
            Checker.RunAsync(["server", "--only", "4,only-results", "--min-score", "5", .. command]),
            Checker.RunAsync(["server", "--only", "4,only-results", "--min-score", "6", .. command]));
        Assert.Equal([0, 1, 1, 0, 1], codes.Select(run => run.Code));
    }

    [Fact]
    public async Task Explain_SaysWhatACheckDoes()
    {
        var run = await Checker.RunAsync("explain", "16");
        Assert.Equal(0, run.Code);
        Assert.StartsWith("server 16. emulated-value, 5 points\ncourse:    Server prints the correct value", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connect_ChecksAServerThatRuns()
    {
        await using var server = await AccioServer.StartAsync();
        var run = await Checker.RunAsync("server", "--connect", $"127.0.0.1:{server.Port}", "--only", "4,5,6,7,8,9,11,13,second-command");
        Assert.True(run.Code == 0, run.Output);
    }

    [Fact]
    public async Task Relay_DelaysInBothDirections()
    {
        await using var server = await AccioServer.StartAsync();
        var (relay, port) = await Checker.StartRelayAsync(server.Port, "--emulate", "up:latency=60ms,slice=7", "--emulate", "down:latency=40ms");
        await using var _ = relay;

        var begun = Stopwatch.GetTimestamp();
        using (var client = await AccioClient.ConnectAsync(port))
        {
            await client.TransferAsync(fileSize: 1000);
        }

        Assert.True(Stopwatch.GetElapsedTime(begun) > TimeSpan.FromSeconds(0.3), "Three ways up and three down take longer.");
        await server.ExpectLinesAsync(1000);
        Signal.Interrupt.SendTo(relay.Id);
        Assert.Equal(0, await relay.ExitAsync());
    }

    [Fact]
    public async Task Submission_IsCheckedForCommits_Readme_TemporaryFiles_AndForbiddenCalls()
    {
        Needs.Installed("python3", "git");
        using var folder = new TemporaryFolder();
        await WriteSubmissionAsync(folder.In("good"), commits: 3, "README.md", "print('a'.upper())");
        await WriteSubmissionAsync(folder.In("bad"), commits: 2, "__pycache__/a.pyc", "import sys\nx = b'a'.decode('utf-8')\nsys.exit(0)");

        var good = await Checker.RunAsync("submission", folder.In("good"), "--only", "commits,readme,temporary-files,forbidden-calls", "--strict");
        var bad = await Checker.RunAsync("submission", folder.In("bad"), "--only", "commits,readme,temporary-files,forbidden-calls");
        var batch = await Checker.RunAsync("batch", folder.In(""), "--csv", folder.In("table.csv"), "--only", "commits,readme,temporary-files,forbidden-calls");

        Assert.True(good.Code == 0, good.Output);
        Assert.Equal(1, bad.Code);
        Assert.Contains("server-s.py, line 2: expected none of the calls that the course forbids; seen: .decode('utf-8')", bad.Output, StringComparison.Ordinal);
        Assert.Contains("hint:     Everything is bytes", bad.Output, StringComparison.Ordinal);

        await WriteSubmissionAsync(folder.In("exits/one"), commits: 1, "README.md", "import sys\nsys.exit(0)");
        var exits = await Checker.RunAsync("submission", folder.In("exits/one"), "--only", "forbidden-calls");
        Assert.Contains("hint:     Leave the main loop", exits.Output, StringComparison.Ordinal);
        Directory.Delete(folder.In("exits"), recursive: true);

        Assert.Equal(0, batch.Code);
        Assert.Equal(
            ["submission,points,maxPoints,1. commits,readme,temporary-files,forbidden-calls", "bad,0,5,fail,fail,fail,fail", "good,5,5,pass,pass,pass,pass"],
            await File.ReadAllLinesAsync(folder.In("table.csv"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Commits_BehindAnUnknownRevision_AreNotTheStudentsFault_AndARepeatedCheckHasItsOptions()
    {
        Needs.Installed("python3", "git");
        using var folder = new TemporaryFolder();
        await WriteSubmissionAsync(folder.In("good"), commits: 3, "README.md", "print('a'.upper())");
        await ChildProcess.RunShellAsync("mkdir \"$0/part\"; cp \"$0/server-s.py\" \"$0/part\"", folder.In("good"));

        var unknown = await Checker.RunAsync("submission", folder.In("good"), "--only", "commits", "--base", "no-such-revision");
        Assert.Contains("the repository has no commit 'no-such-revision'", unknown.Output, StringComparison.Ordinal);
        Assert.Equal(0, unknown.Code);

        var few = await Checker.RunAsync("submission", folder.In("good"), "--only", "commits", "--base", "HEAD~2", "--strict");
        Assert.Equal(1, few.Code);
        Assert.Contains($"accio-check submission --only commits --seed 1 {folder.In("good")} --strict --base 'HEAD~2'", few.Output, StringComparison.Ordinal);

        // The repository's commits are not those of each folder in it.
        var part = await Checker.RunAsync("submission", folder.In("good/part"), "--only", "commits");
        Assert.Equal(1, part.Code);
    }

    [Fact]
    public async Task SubmissionWithoutAProgram_IsToldSo_AndHasNoPointsForWhatNeedsOne()
    {
        Needs.Installed("python3", "git");
        using var folder = new TemporaryFolder();
        await WriteSubmissionAsync(folder.In("all/git"), commits: 3, "README.md", "");
        File.Move(folder.In("all/git/server-s.py"), folder.In("all/git/Server.py"));
        Directory.CreateDirectory(folder.In("all/none"));

        var batch = await Checker.RunAsync("batch", folder.In("all"), "--csv", folder.In("table.csv"), "--reports", folder.In("feedback"), "--only", "commits,accept,small,program");
        var other = await Checker.RunAsync("batch", folder.In("all"), "--csv", folder.In("other.csv"), "--command", "{dir}/server {port}", "--only", "commits,accept,program");
        var one = await Checker.RunAsync("submission", folder.In("all/none"), "--report", $"gradescope={folder.In("results")}");

        Assert.True(batch.Code == 0, batch.Errors);
        Assert.Equal(
            ["submission,points,maxPoints,1. commits,4. accept,11. small,program", "git,5,20,pass,skipped,skipped,fail", "none,0,20,fail,skipped,skipped,fail"],
            await File.ReadAllLinesAsync(folder.In("table.csv"), TestContext.Current.CancellationToken));
        var feedback = await File.ReadAllTextAsync(folder.In("feedback/git.md"), TestContext.Current.CancellationToken);
        Assert.Contains("no such file in the submission, which has README.md, Server.py\nhint:     Hand in your program as server-s.py", feedback, StringComparison.Ordinal);
        Assert.True(other.Code == 0, other.Errors);
        Assert.Equal(1, one.Code);
        Assert.Contains("which has no file at all", one.Output, StringComparison.Ordinal);
        Assert.Contains("\"score\": 0,", await File.ReadAllTextAsync(folder.In("results"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Batch_ThatIsInterrupted_WritesTheRowsThatItHas()
    {
        Needs.Installed("python3", "git");
        using var folder = new TemporaryFolder();
        await WriteSubmissionAsync(folder.In("all/quick"), commits: 3, "README.md", "");
        File.Delete(folder.In("all/quick/server-s.py"));
        await WriteSubmissionAsync(folder.In("all/slow"), commits: 3, "README.md", await File.ReadAllTextAsync(Checker.Server("right"), TestContext.Current.CancellationToken));
        await using var checker = new ChildProcess(Checker.Binary, ["batch", folder.In("all"), "--csv", folder.In("table.csv"), "--only", "commits,drip,program"]);
        await checker.Output.WaitUntilAsync(text => text.Contains("quick: ", StringComparison.Ordinal));

        Signal.Interrupt.SendTo(checker.Id);

        Assert.Equal(130, await checker.ExitAsync());
        Assert.Empty(checker.Errors.ToString());
        Assert.Equal(
            ["submission,points,maxPoints,1. commits,drip,program", "quick,5,5,pass,skipped,fail"],
            await File.ReadAllLinesAsync(folder.In("table.csv"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Batch_WhoseTableCannotBeWritten_EndsBeforeTheFirstCheck()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.In("one"));
        var run = await Checker.RunAsync("batch", folder.In(""), "--csv", folder.In("no/such/table.csv"));
        Assert.Equal(3, run.Code);
        Assert.StartsWith("ERROR: ", run.Errors, StringComparison.Ordinal);
        Assert.Empty(run.Output);
    }

    private static Task<string> WriteSubmissionAsync(string folder, int commits, string file, string code) => ChildProcess.RunShellAsync(
        """
        mkdir -p "$(dirname "$0/$2")"; cd "$0"; git init -q .; printf '%s\n' "$3" > server-s.py; echo > "$2"
        git config user.name a; git config user.email a@example.org
        for number in $(seq "$1"); do git commit -q --allow-empty -m "$number"; done
        """,
        folder, commits.ToString(CultureInfo.InvariantCulture), file, code);
}
