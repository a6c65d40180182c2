using System.Text;

namespace AccioKestrel.Checker;

/// <summary>What a person reads of one result.</summary>
internal static class ReportText
{
    /// <summary>How the line with the command that repeats a check begins.</summary>
    public const string Repeat = "repeat:   ";

    /// <summary>The name of a check with its criterion.</summary>
    public static string Title(Check check) => check.Criterion is { } criterion ? $"{criterion}. {check.Id}" : check.Id;

    /// <summary>The reason of a verdict, one fact a line; nothing but the parts for a pass.</summary>
    public static string Details(Report report, CheckResult result)
    {
        var text = new StringBuilder();
        if (result.Finding is { } finding)
        {
            text.Append("course:   ").AppendLine(result.Check.Sentence.ReplaceLineEndings(" "));
            Line("expected: ", finding.Expected);
            Line(result.Verdict is Verdict.Fail ? "seen:     " : "reason:   ", finding.Seen);
            Line("hint:     ", finding.Hint);
        }

        foreach (var part in result.SubChecks)
        {
            text.Append(part.Passed ? "  ok      " : "  not ok  ").Append(part.Name).Append(": ").AppendLine(part.Detail);
        }

        if (result.Verdict is Verdict.Fail)
        {
            text.Append(Repeat).AppendLine(report.Repeat(result.Check));
        }

        return Clean(text.ToString()).TrimEnd();

        void Line(string name, string? value)
        {
            if (value is not null)
            {
                text.Append(name).AppendLine(value);
            }
        }
    }

    /// <summary>Without control characters, which neither a terminal nor XML should get from a program under check.</summary>
    public static string Clean(string text) => new([.. text.Select(character => char.IsControl(character) && character is not '\n' ? '?' : character)]);
}
