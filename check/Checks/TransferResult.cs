namespace AccioKestrel.Checker;

/// <summary>A transfer by the instructor's client, and what the server printed.</summary>
/// <param name="Size">The size of the file.</param>
/// <param name="Failure">Why the server has not received it; null if it has.</param>
/// <param name="Lines">Its lines on standard output up to its end, or up to the result.</param>
/// <param name="OtherText">What it has on standard output in place of a result; null if there is a result, or nothing.</param>
/// <param name="Detail">How it went.</param>
internal sealed record TransferResult(long Size, Finding? Failure, string[] Lines, string? OtherText, string Detail);
