using AccioKestrel.Tests.Client;

namespace AccioKestrel.Tests.EndToEnd;

/// <summary>Standard output: exact, at once, and never lost silently.</summary>
public sealed class OutputTests
{
    /// <summary>
    /// Starts the program behind a pipe that is full, and whose reader does not read before the shell gets a line on its
    /// standard input. <c>pipe</c> says whether the pipe is non-blocking, as another process that shares it may make it.
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
        await using var server = await AccioServer.StartAsync(shell: $"""exec "$0" "$@" > '{file.Name}' """);
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
        await first.ExpectSilenceAsync();
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
        // The file is not in transfer any more, so the stop does not give it time.
        await using var server = await StartBehindAFullPipeAsync("--shutdown-grace 3600", pipe);
        using var client = await server.ConnectAsync();
        await client.TransferUnansweredAsync(fileSize: 4321);
        await client.ExpectSilenceAsync();

        Signal.Terminate.SendTo(server.ProcessId);
        await server.Errors.WaitUntilAsync(text => text.Contains("\nERROR: The result 4321 ", StringComparison.Ordinal));
        await server.InputLineAsync();

        Assert.Equal(1, await server.ExitAsync());
        Assert.DoesNotContain("the file has", server.Errors.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", 1)]
    [InlineData("--allow 192.0.2.0/24", 0)]
    public async Task Stop_WithOutputAndErrorsOnOneFullPipe_WaitsForNeither(string options, int exitCode)
    {
        Needs.Installed("python3");
        // The server itself holds the reading end, and does not know of it.
        await using var server = await AccioServer.StartAsync(
            $"--shutdown-grace 3600 {options}",
            """
            exec python3 -c '
            import os, sys
            reader, writer = os.pipe()
            os.set_inheritable(reader, True)
            os.set_blocking(writer, False)
            try:
                while True: os.write(writer, b"\n")
            except BlockingIOError: pass
            os.set_blocking(writer, True)
            os.write(2, b"Listening on 0.0.0.0:%s\n" % sys.argv[2].encode())
            os.dup2(writer, 1)
            os.dup2(writer, 2)
            os.execv(sys.argv[1], sys.argv[1:])' "$0" "$@"
            """,
            ("Logging__LogLevel__Default", "Debug"));
        await AccioServer.UntilListeningAsync(server.Port);
        using var client = await server.ConnectAsync();
        if (exitCode == 0)
        {
            // Refused, which is a line of the log.
            await client.WaitForCloseAsync();
        }
        else
        {
            await client.TransferUnansweredAsync(fileSize: 4321);
            await client.ExpectSilenceAsync();
        }

        Signal.Terminate.SendTo(server.ProcessId);

        Assert.Equal(exitCode, await server.ExitAsync());
    }

    [Fact]
    public async Task Results_AppendedToAFile_DoNotOverwriteWhatOthersAppend()
    {
        var file = Path.GetTempFileName();
        try
        {
            await using var server = await AccioServer.StartAsync(shell: $"""echo before >> '{file}'; exec "$0" "$@" >> '{file}' """);
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

    internal static Task<AccioServer> StartBehindAFullPipeAsync(string options, string pipe, params (string Name, string Value)[] environment)
    {
        Needs.Installed("python3");
        return AccioServer.StartAsync(options, BehindAFullPipe, [("pipe", pipe), .. environment]);
    }

    private static async Task ExpectLostAsync(AccioServer server, int result, string output)
    {
        Assert.Equal(1, await server.ExitAsync());
        Assert.Contains($"\nERROR: The result {result} ", server.Errors.ToString(), StringComparison.Ordinal);
        Assert.Equal(output, server.Output.ToString());
    }
}
