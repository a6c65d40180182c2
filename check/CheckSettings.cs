namespace AccioKestrel.Checker;

/// <summary>What the options of a check say.</summary>
internal sealed record CheckSettings(
    string[] Only,
    string[] Skip,
    bool Strict,
    int Seed,
    int Jobs,
    int Memory,
    int? MinScore,
    IReadOnlyList<ReportFile> Reports,
    Emulation Emulation,
    string? Repository,
    string? Base)
{
    /// <summary>The arguments that have to be there when a check is repeated.</summary>
    /// <param name="command">The command, and what it is about.</param>
    /// <param name="words">The command of the program under check; none if it runs already.</param>
    public string[] Repeated(IEnumerable<string> command, params IEnumerable<string> words)
    {
        string[] emulate = Emulation.Description is "instructor" ? [] : ["--emulate", Emulation.Description];
        string[] strict = Strict ? ["--strict"] : [];
        string[] memory = Memory == CheckTarget.DefaultMemory ? [] : ["--memory", CheckContext.Number(Memory)];
        string[] commits = [.. Repository is null ? Array.Empty<string>() : ["--repository", Repository], .. Base is null ? Array.Empty<string>() : ["--base", Base]];
        string[] options = [.. command, .. strict, .. emulate, .. memory, .. commits];
        return words.Any() ? [.. options, "--", .. words] : options;
    }
}
