namespace AccioKestrel.Status;

/// <summary>The response of <c>/api/status</c>: what the server is doing and has done.</summary>
/// <param name="Version">The version of the program.</param>
/// <param name="StartedAt">The start of the server. Another value means another process.</param>
/// <param name="UptimeSeconds">The seconds since then.</param>
/// <param name="EndPoints">Where clients connect; empty when the server does not listen.</param>
/// <param name="Tls">Whether the first of them has TLS.</param>
/// <param name="TlsClientCertificate">Whether its clients must have a certificate. Not known where a host's callback decides it: false then.</param>
/// <param name="ClientCommand">The command of a client that comes with the server, without its arguments; null if none does.</param>
/// <param name="Waiting">How many clients wait for their turn, in the kernel's accept queue or at another endpoint; null on systems that do not report it.</param>
/// <param name="Current">The exchange in progress, or null.</param>
/// <param name="Totals">Counts.</param>
/// <param name="Recent">The last 100 results, newest first. In a stream, null if there is no new one.</param>
/// <param name="Rates">The rate of received file bytes.</param>
internal sealed record StatusReport(
    string Version,
    DateTimeOffset StartedAt,
    double UptimeSeconds,
    string[] EndPoints,
    bool Tls,
    bool TlsClientCertificate,
    string? ClientCommand,
    int? Waiting,
    CurrentReport? Current,
    TotalsReport Totals,
    ResultReport[]? Recent,
    RatesReport Rates);
