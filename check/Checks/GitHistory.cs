using System.Diagnostics;
using System.Globalization;

namespace AccioKestrel.Checker;

/// <summary>The commits of a submission.</summary>
internal static class GitHistory
{
    private const int Enough = 3;

    public static async Task CheckAsync(CheckContext context)
    {
        context.Expect("git to count commits");
        if (context.Target.Folder is not { } folder)
        {
            throw FindingException.Unavailable("no folder of a submission was given: --repository DIR, or accio-check submission DIR");
        }

        if (await GitAsync(folder, "rev-parse", "--is-shallow-repository") is not { } isShallow)
        {
            throw FindingException.Fail($"at least {Enough} commits", $"{folder} is no git repository", "Work in a git repository from the beginning: git init, git add, git commit.");
        }

        if (isShallow is "true")
        {
            throw FindingException.Unavailable("the repository is a shallow clone, which does not have all commits: clone it without --depth");
        }

        var range = "HEAD";
        if (context.Target.BaseCommit is { } commit)
        {
            range = await GitAsync(folder, "rev-parse", "--verify", "--quiet", $"{commit}^{{commit}}") is not null
                ? $"{commit}..HEAD"
                : throw FindingException.Unavailable($"the repository has no commit '{commit}', behind which commits count: --base");
        }

        // A folder inside a repository has the commits that changed something in it.
        string[] part = await GitAsync(folder, "rev-parse", "--show-prefix") is "" ? [] : ["--", "."];
        var count = await GitAsync(folder, ["rev-list", "--count", range, .. part]) is { } text && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
        if (count < Enough)
        {
            throw FindingException.Fail($"at least {Enough} commits", $"{count} in {range}", "Commit each step of the work by itself: git add, git commit.");
        }

        await context.PartAsync("commits", () => Task.FromResult($"{count} in {range}"));
    }

    /// <returns>What git prints; null if it fails.</returns>
    private static async Task<string?> GitAsync(string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo("git", ["-C", folder, "-c", $"safe.directory={Path.GetFullPath(folder)}", .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            using var git = Process.Start(start)!;
            var errors = git.StandardError.ReadToEndAsync();
            var output = await git.StandardOutput.ReadToEndAsync();
            await errors;
            await git.WaitForExitAsync();
            return git.ExitCode == 0 ? output.Trim() : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            throw FindingException.Unavailable("git is not installed");
        }
    }
}
