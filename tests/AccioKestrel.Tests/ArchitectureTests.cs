using System.Text.RegularExpressions;

namespace AccioKestrel.Tests;

/// <summary>Which folder uses which, as docs/ARCHITECTURE.md has it.</summary>
public sealed partial class ArchitectureTests
{
    private static readonly string[] s_allFolders = [.. Allowed().Keys];

    public static TheoryData<string> Folders => [.. s_allFolders];

    [Theory]
    [MemberData(nameof(Folders))]
    public void Folder_UsesTheOnesThatTheTableNames_AndNoOther(string folder)
    {
        var used = Directory.GetFiles(Repository.PathOf(folder), "*.cs", SearchOption.AllDirectories)
            .SelectMany(file => UsedBy(File.ReadAllText(file)))
            .Where(name => !name.Equals(folder, StringComparison.Ordinal));
        Assert.Equal(Allowed()[folder].Order(), used.Distinct().Order());
    }

    [Fact]
    public void Table_HasEveryFolderOfTheProgram()
    {
        var folders = Directory.GetDirectories(Repository.PathOf("."))
            .Where(folder => Directory.EnumerateFiles(folder, "*.cs").Any())
            .Select(folder => Path.GetFileName(folder)!)
            .Where(folder => char.IsAsciiLetterUpper(folder[0]) && folder is not "Properties");
        Assert.Equal(folders.Order(), s_allFolders.Order());
    }

    /// <summary>The namespaces that a file names, and the folder of the options, which are in the namespace of all.</summary>
    private static IEnumerable<string> UsedBy(string source)
    {
        var used = Usings().Matches(source).Select(match => match.Groups["folder"].Value);
        return Options().IsMatch(source) ? used.Append("Hosting") : used;
    }

    private static Dictionary<string, string[]> Allowed() => Rows().Matches(File.ReadAllText(Repository.PathOf("docs/ARCHITECTURE.md"))).ToDictionary(
        row => row.Groups["folder"].Value,
        row => row.Groups["uses"].Value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(name => name.Trim('`')).ToArray(),
        StringComparer.Ordinal);

    [GeneratedRegex(@"^using AccioKestrel\.(?<folder>\w+);$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Usings();

    // Not in a comment, which may say where a value comes from.
    [GeneratedRegex(@"^(?!\s*//).*\bAccioOptions\b", RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Options();

    [GeneratedRegex(@"^\| `(?<folder>[A-Z]\w+)` \|[^|]+\| (?<uses>(`\w+`(, )?)*) ?\|$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Rows();
}
