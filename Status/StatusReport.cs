namespace AccioKestrel.Status;

/// <summary>The response of <c>/api/status</c>: what the server is doing and has done.</summary>
/// <param name="Version">The version of the program.</param>
/// <param name="StartedAt">The start of the server. Another value means another process.</param>
/// <param name="UptimeSeconds">The seconds since then.</param>
/// <param name="EndPoints">Where clients connect; empty when the server does not listen.</param>
/// <param name="Tls">Whether the settings of this program require TLS. TLS by a host's own middleware is not known.</param>
/// <param name="TlsClientCertificate">Whether clients must present a certificate.</param>
/// <param name="Waiting">How many clients wait in the kernel's queue; null on systems that do not report it.</param>
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
    int? Waiting,
    CurrentReport? Current,
    TotalsReport Totals,
    ResultReport[]? Recent,
    RatesReport Rates);
