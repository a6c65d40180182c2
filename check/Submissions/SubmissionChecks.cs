using System.Text.RegularExpressions;

namespace AccioKestrel.Checker;

/// <summary>What is checked of a submission's files, beside what its program does.</summary>
internal static partial class SubmissionChecks
{
    private const int MostNames = 10;
    private static readonly string[] s_readmes = ["README", "README.md", "README.txt", "README.rst", "README.pdf"];
    private static readonly string[] s_temporary = ["__pycache__", ".DS_Store", "Thumbs.db", ".idea", ".vscode", "node_modules", "bin", "obj", ".vs", "venv", ".venv"];
    private static readonly string[] s_temporaryEndings = [".pyc", ".pyo", ".o", ".swp", "~", ".tmp", ".bak", ".log", ".class", ".out"];

    /// <summary>The checks of these files. The course gives them no points of their own, but deductions.</summary>
    /// <param name="submission">The submission.</param>
    /// <param name="isClient">Whether it is about its client.</param>
    /// <param name="isNamed">Whether the program was named by a command, and not looked for.</param>
    /// <param name="missing">Why there is no program, in a sentence; null if there is one.</param>
    public static Check[] Of(Submission submission, bool isClient = false, bool isNamed = false, string? missing = null) =>
    [
        new("program", null, 0, $"The program is {Submission.NamesOf(isClient)[0]}", _ => ProgramAsync(submission, isClient, isNamed, missing))
        {
            Explanation = "The program is in the submission's folder, under the name that the course gives it, and once. One in a folder below it is checked nevertheless, and named.",
            Hint = $"Hand in your program as {Submission.NamesOf(isClient)[0]}, spelt exactly so, and not packed in an archive. Nothing else could be checked without it.",
            NeedsProcess = false,
        },
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

    private static Task ProgramAsync(Submission submission, bool isClient, bool isNamed, string? missing)
    {
        var name = Submission.NamesOf(isClient)[0];
        var programs = submission.Programs(isClient);
        return (missing, isNamed, programs) switch
        {
            (not null, true, _) => throw FindingException.Fail("the program that the command starts", missing),
            (not null, _, _) => throw FindingException.Fail($"a file {name}", $"no such file in the submission, which has {Listed(submission.Files, "no file at all")}"),
            (_, true, _) => Task.CompletedTask,
            (_, _, [var only]) when string.Equals(only, name, StringComparison.Ordinal) => Task.CompletedTask,
            _ => throw new FindingException(Verdict.NotStrict, new Finding(
                $"one program, {name}", $"{programs[0]} was checked{(programs.Length > 1 ? $", and not {Listed(programs[1..], "")}" : "")}", Hint: null)),
        };
    }

    private static string Listed(IEnumerable<string> files, string none) => files.ToArray() switch
    {
        [] => none,
        { Length: > MostNames } all => $"{string.Join(", ", all.Take(MostNames))} and {all.Length - MostNames} more",
        var all => string.Join(", ", all),
    };

    private static Task ReadmeAsync(Submission submission) =>
        submission.Files.Any(file => s_readmes.Contains(file, StringComparer.OrdinalIgnoreCase))
            ? Task.CompletedTask
            : throw FindingException.Fail("a README in the submission's folder", "none");

    private static Task TemporaryFilesAsync(Submission submission)
    {
        string[] found = [.. submission.Files.Where(IsTemporary)];
        return found.Length == 0
            ? Task.CompletedTask
            : throw FindingException.Fail("no temporary files", Listed(found, ""));
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
