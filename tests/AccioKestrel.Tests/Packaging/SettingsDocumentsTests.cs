using System.Text.RegularExpressions;

namespace AccioKestrel.Tests.Packaging;

/// <summary>Documents and completions say what the table of settings says. After a change, <c>ACCIO_UPDATE=1 dotnet test</c> writes them.</summary>
public sealed partial class SettingsDocumentsTests
{
    public static TheoryData<string> Files => [.. SettingsDocuments.Files.Keys];

    public static TheoryData<string> OptionsOfAHost => [.. AccioOptions.Settings.Select(setting => setting.Key)];

    [Theory]
    [MemberData(nameof(Files))]
    public async Task File_IsMadeFromTheTable(string file)
    {
        var made = SettingsDocuments.Files[file]();
        if (Environment.GetEnvironmentVariable("ACCIO_UPDATE") is "1")
        {
            await File.WriteAllTextAsync(Repository.PathOf(file), made, TestContext.Current.CancellationToken);
        }

        Assert.Equal(made, await File.ReadAllTextAsync(Repository.PathOf(file), TestContext.Current.CancellationToken));
    }

    [Theory]
    [MemberData(nameof(OptionsOfAHost))]
    public async Task Comment_OfAnOptionOfAHost_HasItsRangeAndDefault(string key)
    {
        var source = await File.ReadAllTextAsync(Repository.PathOf("Hosting/AccioOptions.cs"), TestContext.Current.CancellationToken);
        var comment = Blank().Replace(Regex.Match(source, $@"<summary>((?:\s*///.*\n|.*</summary>\n)+)\s*public \S+ {key} ", RegexOptions.None, TimeSpan.FromSeconds(5)).Groups[1].Value, " ");
        var setting = AccioOptions.Settings.Single(setting => setting.Key.Equals(key, StringComparison.Ordinal));
        Assert.Contains($"Default {setting.Default.Replace("none", "null", StringComparison.Ordinal)}", comment, StringComparison.Ordinal);
        Assert.Contains(Range().Match(setting.Allowed).Value, comment, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Help_HasEachSettingWithWhatItTakes()
    {
        await using var help = new ChildProcess(AccioServer.Binary, ["--help"]);
        Assert.Equal(0, await help.ExitAsync());
        Assert.All(Settings.All, setting =>
        {
            Assert.Contains($"  {setting.Option} ", help.Output.ToString(), StringComparison.Ordinal);
            Assert.Contains(setting.ValueName is null ? setting.Description : setting.Help, help.Output.ToString(), StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task Manual_IsReadWithoutAWarning()
    {
        Needs.Installed("groff");
        Assert.Empty(await ChildProcess.RunShellAsync("groff -man -ww -z \"$0\" 2>&1", Repository.PathOf("deploy/man/accio-kestrel.1")));
    }

    [Theory]
    [InlineData("accio-kestrel 5000 --idle", "--idle-timeout\n")]
    [InlineData("accio-kestrel 5000 --log-format ", "json\ntext\n")]
    [InlineData("accio-kestrel 5000 --backlog ", "")]
    [InlineData("accio-kestrel 5000 --config /etc/os-rel", "/etc/os-release\n")]
    public async Task Completion_OfBash_CompletesOptionsAndValues(string line, string answer) => Assert.Equal(answer, await ChildProcess.RunShellAsync(
        """
        . "$0"; IFS=' ' read -r -a COMP_WORDS <<< "$1"; [[ $1 != *' ' ]] || COMP_WORDS+=('')
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _accio_kestrel; [ ${#COMPREPLY[@]} = 0 ] || printf '%s\n' "${COMPREPLY[@]}" | sort | uniq
        """,
        Repository.PathOf("deploy/completions/accio-kestrel.bash"), line));

    [Theory]
    [InlineData("accio-kestrel 5000 --idle", "--idle-timeout")]
    [InlineData("accio-kestrel 5000 --log-format ", "json text")]
    [InlineData("accio-kestrel 5000 --config /etc/passw", "/etc/passwd")]
    public async Task Completion_OfFish_CompletesOptionsAndValues(string line, string answer)
    {
        Needs.Installed("fish");
        var lines = await ChildProcess.RunShellAsync(
            "HOME=$(mktemp -d) fish --no-config -c 'source $argv[1]; complete -C $argv[2]' \"$0\" \"$1\"", Repository.PathOf("deploy/completions/accio-kestrel.fish"), line);
        var words = lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(word => word.Split('\t')[0].TrimEnd('='));
        Assert.All(answer.Split(' '), word => Assert.Contains(word, words));
    }

    [Fact]
    public async Task Completion_OfZsh_DefinesEachOption()
    {
        Needs.Installed("zsh");
        // What completes needs a terminal; what is defined is what the shell reads.
        var options = await ChildProcess.RunShellAsync(
            "zsh -f -c '_arguments() { print -rl -- \"$@\" }; source \"$1\"' zsh \"$0\"", Repository.PathOf("deploy/completions/_accio-kestrel"));
        Assert.All(Settings.All, setting => Assert.Contains($"{setting.Option}{(setting.ValueName is null ? "[" : "=[")}", options, StringComparison.Ordinal));
        Assert.DoesNotContain('\'', options.Replace("machine's", "", StringComparison.Ordinal).Replace("kernel's", "", StringComparison.Ordinal));
    }

    [GeneratedRegex(@"[\s/]+", RegexOptions.None, matchTimeoutMilliseconds: 5000)]
    private static partial Regex Blank();

    [GeneratedRegex("from .*", RegexOptions.None, matchTimeoutMilliseconds: 5000)]
    private static partial Regex Range();
}
