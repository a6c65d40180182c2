using System.Reflection;

namespace AccioKestrel.Tests.EndToEnd;

/// <summary>Clients that these tests did not write, with a real file; and <c>dotnet run</c>, as the README has it.</summary>
public sealed class RealClientTests
{
    /// <summary>A client as most published ones are written: each command is compared with the result of one <c>recv</c>.</summary>
    private const string Python = """
        import socket, sys
        with socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=10) as s:
            if s.recv(1024) != b"accio\r\n": sys.exit("ERROR: first command")
            s.sendall(b"confirm-accio\r\n")
            if s.recv(1024) != b"accio\r\n": sys.exit("ERROR: second command")
            s.sendall(b"confirm-accio-again\r\n\r\n")
            with open(sys.argv[2], "rb") as f:
                while piece := f.read(10000):
                    s.sendall(piece)
        """;

    private static string RealFile { get; } = typeof(RealClientTests).Assembly.Location;

    private static long FileSize => new FileInfo(RealFile).Length;

    [Fact]
    public async Task Netcat_SendsARealFile_ItIsCounted()
    {
        Needs.Installed("nc");
        await using var server = await AccioServer.StartAsync();

        var received = await ChildProcess.RunShellAsync(
            """(printf 'confirm-accio\r\nconfirm-accio-again\r\n\r\n'; cat "$1") | nc -N 127.0.0.1 "$0" """, AccioServer.Number(server.Port), RealFile);

        Assert.Equal(Accio.Command + Accio.Command, received);
        await server.StopAsync(FileSize);
    }

    [Fact]
    public async Task Python_SendsARealFile_ItIsCounted()
    {
        Needs.Installed("python3");
        await using var server = await AccioServer.StartAsync();

        await ChildProcess.RunShellAsync("""python3 -c "$2" "$0" "$1" """, AccioServer.Number(server.Port), RealFile, Python);

        await server.ExpectLinesAsync(FileSize);
        await server.StopAsync(FileSize);
    }

    [Fact]
    public async Task DotnetRun_ARealTransfer_PrintsItsCountAlone()
    {
        Assert.SkipUnless(AccioServer.IsBuiltWithTheTests, "ACCIO_BINARY is under test, not dotnet run.");
        var root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "AccioKestrel.slnx")))
        {
            root = Path.GetDirectoryName(root)!;
        }

        // Without a build: it was built with the tests, and must not be built beneath those that run at the same time.
        var configuration = typeof(RealClientTests).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;
        await using var server = await AccioServer.StartAsync(
            shell: $"""cd "{root}"; exec dotnet run --no-build --configuration {configuration} --project AccioKestrel.csproj -- "$@" """);

        await server.TransferAsync(1234);

        await server.StopAsync(1234);
    }
}
