namespace AccioKestrel.Server;

/// <summary>Finds the existing word that a misspelt one most likely stands for.</summary>
internal static class Spelling
{
    /// <returns>The candidate that is nearest to the word, or null if none is near enough to suggest.</returns>
    public static string? Nearest(string word, IEnumerable<string> candidates)
    {
        var plain = Letters(word);
        var (nearest, distance) = candidates
            .Select(candidate => (candidate, distance: Distance(plain, Letters(candidate))))
            .MinBy(pair => pair.distance);
        if (nearest is not null && distance <= Math.Max(1, Math.Min(plain.Length, Letters(nearest).Length) / 3))
        {
            return nearest;
        }

        // A part of the right word, such as --timeout for --idle-timeout.
        return plain.Length >= 4 ? candidates.FirstOrDefault(candidate => Letters(candidate).Contains(plain, StringComparison.Ordinal)) : null;
    }

    /// <summary>Whether the words differ by at most one letter that is wrong, missing, extra, or exchanged with its neighbour.</summary>
    public static bool IsNear(string word, string other) => Distance(Letters(word), Letters(other)) <= 1;

    /// <summary>The letters and digits of a word, in lower case: capitals, dashes and underscores do not count in a comparison.</summary>
    public static string Letters(string word) => string.Concat(word.Where(char.IsAsciiLetterOrDigit).Select(char.ToLowerInvariant));

    /// <summary>Whether an argument looks like an option and not like a negative number. Word processors turn two hyphens into a dash, so dashes count too.</summary>
    public static bool LooksLikeAnOption(string argument) => argument is ['-' or '–' or '—', var next, ..] && !char.IsAsciiDigit(next);

    /// <summary>The Damerau-Levenshtein distance: how many letters are wrong, missing, extra, or exchanged with their neighbour.</summary>
    private static int Distance(string from, string to)
    {
        var distances = new int[from.Length + 1, to.Length + 1];
        for (var i = 0; i <= from.Length; i++)
        {
            for (var j = 0; j <= to.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    distances[i, j] = i + j;
                    continue;
                }

                var replaced = distances[i - 1, j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
                distances[i, j] = Math.Min(replaced, 1 + Math.Min(distances[i - 1, j], distances[i, j - 1]));
                if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
                {
                    distances[i, j] = Math.Min(distances[i, j], distances[i - 2, j - 2] + 1);
                }
            }
        }

        return distances[from.Length, to.Length];
    }
}
