using AccioKestrel.Tests.Client;

namespace AccioKestrel.Tests.EndToEnd;

/// <summary>Standard output: exact, at once, and never lost silently.</summary>
public sealed class OutputTests
{
    /// <summary>
    /// Starts the program behind a pipe that is full, and whose reader does not read before the shell gets a line on its
    /// standard input. <c>pipe</c> says whether the pipe is non-blocking, as whoever shares it may make it.
    /// </summary>
    private const string BehindAFullPipe = """
        exec 3<&0
        (echo "pid $BASHPID" >&2; exec python3 -c '
        import os, sys
        os.set_blocking(1, False)
        try:
            while True: os.write(1, b"\n")
        except BlockingIOError: pass
        os.set_blocking(1, os.environ["pipe"] == "blocking")
        os.execv(sys.argv[1], sys.argv[1:])' "$0" "$@") | { read -u 3; grep --line-buffered .; }
        exit ${PIPESTATUS[0]}
        """;

    [Theory]
    [InlineData("Information")]
    [InlineData("Trace")]
    public async Task Results_OfAllKinds_AreTheWholeOfStandardOutput(string logLevel)
    {
        await using var server = await AccioServer.StartAsync(environment: ("Logging__LogLevel__Default", logLevel));
        await server.TransferAsync(0);
        await server.ExpectLinesAsync(0);
        using (var client = await server.ConnectAsync())
        {
            await client.SendAsync("x");
            await client.WaitForCloseAsync();
        }

        await server.ExpectLinesAsync(0, "ERROR");
        await server.TransferAsync(1234);
        await server.ExpectLinesAsync(0, "ERROR", 1234);

        await server.StopAsync(0, "ERROR", 1234);
    }

    [Theory]
    [InlineData("""exec "$0" "$@" > /dev/full""")]
    [InlineData("""exec "$0" "$@" >&-""")]
    [InlineData("""exec "$0" "$@" >&- <&-""")]
    public async Task Result_ThatCannotBeWritten_IsSaidAndEndsTheProgram(string shell)
    {
        await using var server = await AccioServer.StartAsync(shell: shell);

        await server.TransferAsync(4321);

        await ExpectLostAsync(server, result: 4321, output: "");
    }

    [Fact]
    public async Task Result_BeyondTheLimitOfAFile_IsSaidAndEndsTheProgram()
    {
        using var file = TemporaryFile.Of([]);
        await using var server = await AccioServer.StartAsync(shell: $"""exec "$0" "$@" > {file.Name}""");
        await server.SetLimitAsync("fsize", 0);

        await server.TransferAsync(4321);

        // Not by the signal that the kernel sends with it.
        await ExpectLostAsync(server, result: 4321, output: "");
    }

    [Fact]
    public async Task Result_IntoAPipeThatIsClosed_IsSaidAndEndsTheProgram()
    {
        await using var server = await AccioServer.StartAsync(
            shell: """ "$0" "$@" | { head -1; exec <&-; echo closed >&2; }; exit ${PIPESTATUS[0]}""");
        await server.TransferAsync(1234);
        await server.Errors.WaitUntilAsync(text => text.Contains("closed", StringComparison.Ordinal));

        await server.TransferAsync(4321);

        await ExpectLostAsync(server, result: 4321, output: "1234\n");
    }

    [Theory]
    [InlineData("blocking")]
    [InlineData("nonblocking")]
    public async Task Reader_ThatIsSlow_GetsEveryLine(string pipe)
    {
        const int count = 20;
        await using var server = await StartBehindAFullPipeAsync("", pipe);
        using var first = await server.ConnectAsync();
        await first.TransferUnansweredAsync(fileSize: 0);
        for (var size = 1; size < count; size++)
        {
            using var client = await server.ConnectAsync();
            await client.SendAllAtOnceAsync(size);
        }

        // The next exchange does not begin before the result of this one is delivered.
        first.ExpectSilence();
        await server.ExpectQueueAsync(count - 1);
        await server.InputLineAsync();

        await server.ExpectLinesAsync(Enumerable.Range(0, count).Cast<object>());
        await server.StopAsync(Enumerable.Range(0, count).Cast<object>());
    }

    [Theory]
    [InlineData("blocking")]
    [InlineData("nonblocking")]
    public async Task Reader_ThatDoesNotRead_DoesNotKeepTheProgramFromStopping(string pipe)
    {
        await using var server = await StartBehindAFullPipeAsync("--shutdown-grace 0", pipe);
        using var client = await server.ConnectAsync();
        await client.TransferUnansweredAsync(fileSize: 4321);
        client.ExpectSilence();

        Signal.Terminate.SendTo(server.ProcessId);
        await server.Errors.WaitUntilAsync(text => text.Contains("\nERROR: The result 4321 ", StringComparison.Ordinal));
        await server.InputLineAsync();

        Assert.Equal(1, await server.ExitAsync());
    }

    [Fact]
    public async Task Results_AppendedToAFile_DoNotOverwriteWhatOthersAppend()
    {
        var file = Path.GetTempFileName();
        try
        {
            await using var server = await AccioServer.StartAsync(shell: $"""echo before >> {file}; exec "$0" "$@" >> {file}""");
            await server.TransferAsync(1234);
            await File.AppendAllTextAsync(file, "between\n", TestContext.Current.CancellationToken);
            await server.TransferAsync(56);

            await server.StopAsync();
            Assert.Equal("before\n1234\nbetween\n56\n", await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static Task<AccioServer> StartBehindAFullPipeAsync(string options, string pipe)
    {
        Assert.SkipUnless(ChildProcess.Exists("python3"), "python3 is not installed.");
        return AccioServer.StartAsync(options, BehindAFullPipe, ("pipe", pipe));
    }

    private static async Task ExpectLostAsync(AccioServer server, int result, string output)
    {
        Assert.Equal(1, await server.ExitAsync());
        Assert.Contains($"\nERROR: The result {result} ", server.Errors.ToString(), StringComparison.Ordinal);
        Assert.Equal(output, server.Output.ToString());
    }
}
