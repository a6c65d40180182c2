namespace AccioKestrel.Checker;

/// <summary>Why a check has another verdict than a pass.</summary>
/// <param name="Expected">What a right program does; null where nothing can be expected.</param>
/// <param name="Seen">What happened instead, or the reason of the verdict.</param>
/// <param name="Hint">The likely mistake; null if there is no better guess than the reason itself.</param>
internal sealed record Finding(string? Expected, string Seen, string? Hint);
