namespace AccioKestrel.Checker;

/// <summary>Makes the command of the program under check complete: it runs in a folder of its own, so that its paths must be absolute.</summary>
internal static class TargetCommand
{
    /// <param name="words">The command as it was given.</param>
    /// <param name="placeholders">What it must have in it.</param>
    public static string[] Resolve(IReadOnlyList<string> words, params ReadOnlySpan<string> placeholders)
    {
        ExpectPlaceholders(words, placeholders);
        return Missing(words) is { } missing
            ? throw new UsageException(missing)
            : [FindProgram(words[0])!, .. words.Skip(1).Select(word => Path.Exists(word) ? Path.GetFullPath(word) : word)];
    }

    /// <summary>What the command would start and is not there, in a sentence; null if all is there.</summary>
    public static string? Missing(IReadOnlyList<string> words) =>
        words is [var interpreter, var script, ..] && Path.GetFileName(interpreter).StartsWith("python", StringComparison.Ordinal)
            && script.EndsWith(".py", StringComparison.Ordinal) && !File.Exists(script) ? $"There is no file {script}."
        : FindProgram(words[0]) is not null ? null
        : File.Exists(words[0]) ? $"{words[0]} is not executable: chmod +x, or put its interpreter in front of it."
        : $"There is no program {words[0]}.";

    public static void ExpectPlaceholders(IReadOnlyList<string> words, params ReadOnlySpan<string> placeholders)
    {
        foreach (var placeholder in placeholders)
        {
            if (!words.Any(word => word.Contains(placeholder, StringComparison.Ordinal)))
            {
                throw new UsageException($"The command must have {placeholder} in it, for example: -- python3 program.py {string.Join(' ', placeholders.ToArray())}");
            }
        }
    }

    private static string? FindProgram(string name)
    {
        string[] candidates = name.Contains('/', StringComparison.Ordinal)
            ? [Path.GetFullPath(name)]
            : [.. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries).Select(folder => Path.Combine(folder, name))];
        return candidates.FirstOrDefault(IsExecutable);
    }

    private static bool IsExecutable(string file) =>
        File.Exists(file) && (File.GetUnixFileMode(file) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != UnixFileMode.None;
}
