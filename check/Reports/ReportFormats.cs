namespace AccioKestrel.Checker;

/// <summary>The formats by their names.</summary>
internal static class ReportFormats
{
    public const string Names = "json, junit, gradescope, markdown, tap";

    public static IReportFormat? Find(string name) => name switch
    {
        "json" => new JsonReport(),
        "junit" => new JUnitReport(),
        "gradescope" => new GradescopeReport(),
        "markdown" => new MarkdownReport(),
        "tap" => new TapReport(),
        _ => null,
    };
}
