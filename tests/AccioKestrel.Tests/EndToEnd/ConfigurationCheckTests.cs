using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace AccioKestrel.Tests.EndToEnd;

/// <summary><c>--check-config</c>: what would hold after a start, and from which source, without a server.</summary>
public sealed class ConfigurationCheckTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("accio-check-").FullName;

    /// <summary>All but those of TLS: a certificate and its key are only allowed together.</summary>
    public static TheoryData<string> Options => [.. Settings.All.Select(setting => setting.Option).Where(option => !option.StartsWith("--tls", StringComparison.Ordinal))];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Table_HasEachSettingInTheOrderOfTheHelp_WithItsDefault()
    {
        var rows = await CheckAsync();

        Assert.Equal(Settings.All.Select(setting => setting.Option).Prepend("PORT").Append("--config"), rows.Select(row => row.Name));
        Assert.All(Settings.All, setting => Assert.Contains((setting.Option, setting.Default, "default"), rows));
        Assert.Contains(("--config", "none", "default"), rows);
    }

    [Theory]
    [MemberData(nameof(Options))]
    public async Task Setting_OfEachSource_IsShownWithTheOneThatWins(string option)
    {
        var setting = Settings.All.Single(setting => setting.Option.Equals(option, StringComparison.Ordinal));
        var variable = (Name: setting.Path.Replace(":", "__", StringComparison.Ordinal), Value: ValueOf(setting));
        var file = Write("settings.json", $$"""{ "Accio": { "{{setting.Key}}": "{{variable.Value}}" } }""");
        string[] given = setting.ValueName is null ? [option] : [option, variable.Value];

        // One setting is allowed only with another one.
        string[] others = option is "--results-sync" ? ["--config", file, "--results", "results.jsonl"] : ["--config", file];

        Assert.Contains((option, variable.Value, $"file {file}"), await CheckAsync(others));
        Assert.Contains((option, variable.Value, $"environment variable {variable.Name}"), await CheckAsync(others, variable));
        Assert.Contains((option, variable.Value, "command line"), await CheckAsync([.. others, .. given], variable));
    }

    [Fact]
    public async Task File_OfTheWorkingDirectory_IsNamedByItsPath()
    {
        Write("appsettings.json", """{ "Accio": { "Allow": ["10.0.0.0/8", "::1/128"] }, "Logging": { "LogLevel": { "Default": "Debug" } } }""");
        var path = Path.Combine(_folder, "appsettings.json");

        var rows = await CheckAsync();

        Assert.Contains(("--allow", "10.0.0.0/8,::1/128", $"file {path}"), rows);
        Assert.Contains(("Logging:LogLevel:Default", "Debug", $"file {path}"), rows);
        Assert.Contains(("--config", path, "default"), rows);
    }

    [Fact]
    public async Task Variable_IsNamedAsItWasGiven_AndASecretIsNotShown()
    {
        var rows = await CheckAsync(
            [], ("ACCIO__idletimeout", "2.5"), ("OTEL_EXPORTER_OTLP_HEADERS", "key=secret"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://user:secret@127.0.0.1:4317"));

        Assert.Contains(("--idle-timeout", "2.5", "environment variable ACCIO__idletimeout"), rows);
        Assert.Contains(("OTEL_EXPORTER_OTLP_HEADERS", "(not shown)", "environment variable OTEL_EXPORTER_OTLP_HEADERS"), rows);
        Assert.DoesNotContain(rows, row => row.Value.Contains("secret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Doubt_IsAWarning_AndTheCheckEndsWithZero()
    {
        Write("appsettings.json", """{ "Backlog": 5 }""");
        await using var check = Start([]);

        Assert.Equal(0, await check.ExitAsync());
        Assert.Contains("warn: AccioKestrel[32] appsettings.json: Backlog has no effect; did you mean Accio:Backlog?\n", check.Errors.ToString(), StringComparison.Ordinal);
        Assert.StartsWith("PORT ", check.Output.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--idle-timeout 0", "--idle-timeout takes a number of seconds from 0.001 to 86400, not '0'.")]
    [InlineData("--config no.json", "--config no.json does not exist")]
    [InlineData("--tls-certificate no.pem", "must be given together")]
    [InlineData("--tls-certificate no.pem --tls-key no.pem", "TLS needs a certificate")]
    [InlineData("--results no/results.jsonl", "no/results.jsonl cannot be opened to append to it: ")]
    [InlineData("--results .", " cannot be opened to append to it: ")]
    [InlineData("--status 5000", "--status 127.0.0.1:5000 is where Accio is to be served")]
    public async Task Error_IsThatOfAStart(string options, string reason)
    {
        await using var check = Start(options.Split(' '));
        Assert.Equal(1, await check.ExitAsync());
        Assert.StartsWith("ERROR: ", ErrorsOf(check), StringComparison.Ordinal);
        Assert.Contains(reason, ErrorsOf(check), StringComparison.Ordinal);
        Assert.Empty(check.Output.ToString());

        await using var start = new ChildProcess("/bin/bash", ["-c", "cd \"$1\" && exec \"$0\" 5000 ${@:2}", AccioServer.Binary, _folder, .. options.Split(' ')]);
        Assert.Equal(1, await start.ExitAsync());
        Assert.Equal(ErrorsOf(start), ErrorsOf(check));
    }

    [Fact]
    public async Task Certificate_IsLoaded()
    {
        using var certificates = new TestCertificates();

        var rows = await CheckAsync(certificates.ServerOptions.Split(' '));

        Assert.Contains(("--tls-certificate", certificates.Server, "command line"), rows);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("{ half a line")]
    public async Task Results_AreLeftAsTheyAre(string? content)
    {
        if (content is not null)
        {
            Write("results.jsonl", content);
        }

        await CheckAsync(["--results", "results.jsonl"]);

        var path = Path.Combine(_folder, "results.jsonl");
        Assert.Equal(content, File.Exists(path) ? await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken) : null);
    }

    [Fact]
    public async Task Check_BesideAServerOfThatPort_OpensNoSocketAndLeavesNoTrace()
    {
        using var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        server.Bind(new IPEndPoint(IPAddress.Any, 0));
        server.Listen();

        var rows = await CheckAsync(((IPEndPoint)server.LocalEndPoint!).Port, []);

        Assert.Contains(("PORT", ((IPEndPoint)server.LocalEndPoint!).Port.ToString(CultureInfo.InvariantCulture), "command line"), rows);
        Assert.False(server.Poll(TimeSpan.Zero, SelectMode.SelectRead));
        Assert.Empty(Directory.GetFileSystemEntries(_folder));
    }

    /// <summary>A value that the setting takes, and that is not its default.</summary>
    private static string ValueOf(Setting setting) =>
        setting.ValueName is null ? "true"
        : ((string[])["7", "127.0.0.2", "127.0.0.2:8080", "10.0.0.0/8", "json", "example.org"]).First(setting.IsAllowed);

    private Task<IReadOnlyList<(string Name, string Value, string Source)>> CheckAsync(string[] options, params (string Name, string Value)[] environment) =>
        CheckAsync(5000, options, environment);

    /// <summary>Standard error without the notice that a busy machine takes long to read a file.</summary>
    private static string ErrorsOf(ChildProcess process) => string.Join('\n', process.Errors.ToString().Split('\n')
        .Where(line => !line.StartsWith("Waiting to ", StringComparison.Ordinal)));

    private Task<IReadOnlyList<(string Name, string Value, string Source)>> CheckAsync() => CheckAsync([]);

    /// <summary>Runs a check that must find no error.</summary>
    /// <returns>The rows of its table.</returns>
    private async Task<IReadOnlyList<(string Name, string Value, string Source)>> CheckAsync(
        int port, string[] options, params (string Name, string Value)[] environment)
    {
        await using var check = Start(options, port, environment);
        var code = await check.ExitAsync();
        Assert.True(code == 0, $"Exit code {code}:\n{check.Errors}");
        Assert.Empty(ErrorsOf(check));
        return [.. check.Output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(row => row.Split("  ", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)).Select(row => (row[0], row[1], row[2]))];
    }

    /// <summary>Runs a check in the folder of the test. The port is not used, so it may be any.</summary>
    private ChildProcess Start(string[] options, int port = 5000, params (string Name, string Value)[] environment) => new(
        "/bin/bash", ["-c", "cd \"$1\" && exec \"$0\" \"${@:2}\"", AccioServer.Binary, _folder, AccioServer.Number(port), "--check-config", .. options], environment);

    private string Write(string name, string text)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }
}
