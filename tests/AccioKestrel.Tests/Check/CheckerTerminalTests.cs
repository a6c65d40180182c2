using System.Text.RegularExpressions;
using AccioKestrel.Tests.EndToEnd;

namespace AccioKestrel.Tests.Check;

/// <summary>What a student sees in a terminal.</summary>
public sealed class CheckerTerminalTests
{
    /// <summary>Only the command that repeats a check goes on in the next row as it is, to be copied.</summary>
    [Theory]
    [InlineData(80, @"(?m)^  12\. small-value +fail +0/10 +Server prints the correct")]
    [InlineData(60, @"(?m)^  12\. small-value +fail +0/10$")]
    [InlineData(40, @"(?m)^12\. small-value +fail +0/10$")]
    public async Task Findings_AreNotBrokenInsideWords(int columns, string row)
    {
        Needs.Installed("tmux", "python3");
        var command = $"{TerminalSession.Quote(Checker.Binary)} server --only 1,11,12 -- {Checker.Python} {TerminalSession.Quote(Checker.Server("small-value.spelling"))} {{port}}";
        await using var terminal = await TerminalSession.StartAsync($"{command}; echo exit code $?; read end", columns);

        var screen = await terminal.WaitUntilAsync(screen => screen.Contains("exit code 1", StringComparison.Ordinal));

        Assert.Matches(row, screen);
        Assert.All(screen.Split('\n'), line => Assert.True(line.Length <= columns, line));
        var text = Regex.Replace(screen, @"\s+", " ", RegexOptions.None, TimeSpan.FromSeconds(1));
        Assert.Contains("not ok 12. small-value: no line with a number or ERROR alone, but Received 500 bytes ", text, StringComparison.Ordinal);
        Assert.Contains("seen: no line with a number or ERROR alone, but Received 500 bytes hint: Print the number on a line of its own, without other words: print(count, flush=True). repeat: ", text, StringComparison.Ordinal);
        Assert.Contains("15 of 25 points, 5 of them for what cannot be checked here; beyond the points 0 of 0 checks passed, in ", text, StringComparison.Ordinal);
    }
}
