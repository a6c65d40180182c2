using System.Globalization;
using System.Text;
using System.Xml;

namespace AccioKestrel.Checker;

/// <summary>JUnit's XML, as CI systems read it.</summary>
internal sealed class JUnitReport : IReportFormat
{
    public void Write(Report report, Stream file)
    {
        using var xml = XmlWriter.Create(file, new XmlWriterSettings { Indent = true, Encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false) });
        xml.WriteStartDocument();
        xml.WriteStartElement("testsuite");
        xml.WriteAttributeString("name", $"accio-check {report.Kind}");
        xml.WriteAttributeString("tests", Number(report.Results.Count));
        xml.WriteAttributeString("failures", Number(Count(Verdict.Fail)));
        xml.WriteAttributeString("errors", "0");
        xml.WriteAttributeString("skipped", Number(Count(Verdict.Skipped) + Count(Verdict.Unavailable)));
        xml.WriteAttributeString("time", Seconds(report.Elapsed));
        xml.WriteStartElement("properties");
        Property("points", Number(report.Points));
        Property("maxPoints", Number(report.MaxPoints));
        Property("seed", Number(report.Seed));
        xml.WriteEndElement();
        foreach (var result in report.Results)
        {
            Write(xml, report, result);
        }

        xml.WriteEndElement();

        int Count(Verdict verdict) => report.Results.Count(result => result.Verdict == verdict);

        void Property(string name, string value)
        {
            xml.WriteStartElement("property");
            xml.WriteAttributeString("name", name);
            xml.WriteAttributeString("value", value);
            xml.WriteEndElement();
        }
    }

    private static void Write(XmlWriter xml, Report report, CheckResult result)
    {
        xml.WriteStartElement("testcase");
        xml.WriteAttributeString("classname", $"accio.{report.Kind}.{(result.Check.Criterion is null ? "beyond" : "criteria")}");
        xml.WriteAttributeString("name", ReportText.Title(result.Check));
        xml.WriteAttributeString("time", Seconds(result.Elapsed));
        var details = ReportText.Details(report, result);
        if (result.Verdict is Verdict.Pass or Verdict.NotStrict)
        {
            if (details.Length > 0)
            {
                xml.WriteElementString("system-out", details);
            }
        }
        else
        {
            xml.WriteStartElement(result.Verdict is Verdict.Fail ? "failure" : "skipped");
            xml.WriteAttributeString("message", ReportText.Clean(result.Finding!.Seen));
            xml.WriteString(details);
            xml.WriteEndElement();
        }

        xml.WriteEndElement();
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.000", CultureInfo.InvariantCulture);
}
