namespace AccioKestrel.Checker;

/// <summary>Writes a report for one kind of reader.</summary>
internal interface IReportFormat
{
    void Write(Report report, Stream file);
}
