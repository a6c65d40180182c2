using System.Text.RegularExpressions;

namespace AccioKestrel.Checker;

/// <summary>What is checked of a submission's files, beside what its program does.</summary>
internal static partial class SubmissionChecks
{
    private static readonly string[] s_readmes = ["README", "README.md", "README.txt", "README.rst", "README.pdf"];
    private static readonly string[] s_temporary = ["__pycache__", ".DS_Store", "Thumbs.db", ".idea", ".vscode", "node_modules", "bin", "obj", ".vs", "venv", ".venv"];
    private static readonly string[] s_temporaryEndings = [".pyc", ".pyo", ".o", ".swp", "~", ".tmp", ".bak", ".log", ".class", ".out"];

    /// <summary>The checks of these files. The course gives them no points of their own, but deductions.</summary>
    public static Check[] Of(Submission submission) =>
    [
        new("readme", null, 0, "Note that you may receive deductions if your submission is lacking the required README file", _ => ReadmeAsync(submission))
        {
            Explanation = "A file named README, README.md or README.txt in the submission's folder.",
            Hint = "Add a README.md: what the program does, which problems there were, what was used.",
            NeedsProcess = false,
        },
        new("temporary-files", null, 0, "Note that you may receive deductions if your repository contains temporary files", _ => TemporaryFilesAsync(submission))
        {
            Explanation = "No compiled files, no editors' files, no folders of tools.",
            Hint = "git rm --cached FILE, and name it in .gitignore.",
            NeedsProcess = false,
        },
        new("forbidden-calls", null, 0, "Code zero without sys.exit; no text mode, no .decode('utf-8'), no .encode('utf-8')", context => ForbiddenCallsAsync(context, submission))
        {
            Explanation = "Looks for sys.exit(0), exit(0), os._exit, .decode( and .encode( with utf-8 or nothing, in Python files, outside of comments.",
            Hint = $"{Hints.Exit} {Hints.Text}",
            NeedsProcess = false,
        },
    ];

    private static Task ReadmeAsync(Submission submission) =>
        submission.Files.Any(file => s_readmes.Contains(file, StringComparer.OrdinalIgnoreCase))
            ? Task.CompletedTask
            : throw FindingException.Fail("a README in the submission's folder", "none");

    private static Task TemporaryFilesAsync(Submission submission)
    {
        string[] found = [.. submission.Files.Where(IsTemporary)];
        return found.Length == 0
            ? Task.CompletedTask
            : throw FindingException.Fail("no temporary files", string.Join(", ", found.Take(10)) + (found.Length > 10 ? $" and {found.Length - 10} more" : ""));
    }

    private static bool IsTemporary(string file) =>
        file.Split('/').Any(part => s_temporary.Contains(part, StringComparer.Ordinal)) || s_temporaryEndings.Any(ending => file.EndsWith(ending, StringComparison.Ordinal));

    private static async Task ForbiddenCallsAsync(CheckContext context, Submission submission)
    {
        foreach (var file in submission.Files.Where(file => file.EndsWith(".py", StringComparison.Ordinal)))
        {
            var lines = await File.ReadAllLinesAsync(Path.Combine(submission.Folder, file));
            for (var number = 0; number < lines.Length; number++)
            {
                var code = lines[number].Split('#')[0];
                if (Forbidden().Match(code) is { Success: true } match)
                {
                    await context.PartAsync($"{file}, line {number + 1}", () => throw FindingException.Fail(
                        "none of the calls that the course forbids", match.Value, match.Value.Contains("code", StringComparison.OrdinalIgnoreCase) ? Hints.Text : Hints.Exit));
                }
            }
        }

        context.Conclude();
    }

    [GeneratedRegex("""\b(sys\.exit|os\._exit|(?<!\.)\bexit|(?<!\.)\bquit)\(0?\)|\.(de|en)code\(\s*(['"]utf-?8['"])?\s*\)""", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Forbidden();
}
