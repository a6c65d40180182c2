namespace AccioKestrel.Checker;

/// <summary>Makes the command of the program under check complete: it runs in a folder of its own, so that its paths must be absolute.</summary>
internal static class TargetCommand
{
    /// <param name="words">The command as it was given.</param>
    /// <param name="placeholders">What it must have in it.</param>
    public static string[] Resolve(IReadOnlyList<string> words, params ReadOnlySpan<string> placeholders)
    {
        foreach (var placeholder in placeholders)
        {
            if (!words.Any(word => word.Contains(placeholder, StringComparison.Ordinal)))
            {
                throw new UsageException($"The command must have {placeholder} in it, for example: -- python3 program.py {string.Join(' ', placeholders.ToArray())}");
            }
        }

        if (words is [var interpreter, var script, ..] && Path.GetFileName(interpreter).StartsWith("python", StringComparison.Ordinal)
            && script.EndsWith(".py", StringComparison.Ordinal) && !File.Exists(script))
        {
            throw new UsageException($"There is no file {script}.");
        }

        return [FindProgram(words[0]), .. words.Skip(1).Select(word => Path.Exists(word) ? Path.GetFullPath(word) : word)];
    }

    private static string FindProgram(string name)
    {
        string[] candidates = name.Contains('/', StringComparison.Ordinal)
            ? [Path.GetFullPath(name)]
            : [.. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries).Select(folder => Path.Combine(folder, name))];
        return candidates.FirstOrDefault(IsExecutable)
            ?? throw new UsageException(File.Exists(name) ? $"{name} is not executable: chmod +x, or put its interpreter in front of it." : $"There is no program {name}.");
    }

    private static bool IsExecutable(string file) =>
        File.Exists(file) && (File.GetUnixFileMode(file) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != UnixFileMode.None;
}
