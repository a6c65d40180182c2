namespace AccioKestrel.Checker;

/// <summary>A report that was asked for.</summary>
internal sealed record ReportFile(IReportFormat Format, string Path);
