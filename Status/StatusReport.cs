namespace AccioKestrel;

/// <summary>What the server is doing and has done, as <c>/api/status</c> tells it.</summary>
/// <param name="Version">The version of the program.</param>
/// <param name="StartedAt">When the process began to count; another value means another process.</param>
/// <param name="UptimeSeconds">The seconds since then.</param>
/// <param name="EndPoints">Where clients connect; empty when the server does not listen.</param>
/// <param name="Waiting">How many clients wait in the kernel's queue; null where the system does not tell.</param>
/// <param name="Current">The exchange in progress, or null.</param>
/// <param name="Totals">Counts since the start.</param>
/// <param name="Recent">The last 100 results, newest first. In a stream, null when there is no new one.</param>
/// <param name="Rates">How fast file bytes came in.</param>
internal sealed record StatusReport(
    string Version,
    DateTimeOffset StartedAt,
    double UptimeSeconds,
    string[] EndPoints,
    int? Waiting,
    CurrentReport? Current,
    TotalsReport Totals,
    ResultReport[]? Recent,
    RatesReport Rates);
