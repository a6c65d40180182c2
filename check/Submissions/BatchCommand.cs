using System.CommandLine;

namespace AccioKestrel.Checker;

/// <summary>Checks a folder of submissions, one row of a table for each.</summary>
internal static class BatchCommand
{
    public static Command Create()
    {
        var folder = new Argument<DirectoryInfo>("DIR") { Description = "The folder, with one folder for each submission." };
        var csv = new Option<FileInfo>("--csv") { HelpName = "FILE", Description = "The table to write: a row for each submission, a column for each check.", Required = true };
        var reports = new Option<DirectoryInfo?>("--reports") { HelpName = "DIR", Description = "Where each submission's Markdown and JSON reports are written." };
        var words = new Option<string?>("--command") { HelpName = "COMMAND", Description = "The command, with {dir} for the folder, if it is not python3 server-s.py {port}." };
        var client = new Option<bool>("--client") { Description = "Check the clients, not the servers." };
        var parallel = CheckOptions.NumberOption("--parallel", "Submissions at the same time.", least: 1, defaultValue: 2);
        var options = new CheckOptions();
        var command = new Command("batch", "Check a folder of submissions.") { folder, csv, reports, words, client, parallel };
        options.AddTo(command);
        command.SetAction(async (arguments, cancellationToken) =>
        {
            var directory = arguments.GetValue(folder)!;
            if (!directory.Exists)
            {
                throw new UsageException($"There is no folder {directory}.");
            }

            var settings = Read(options, arguments);
            var isClient = arguments.GetValue(client);
            Submission[] submissions = [.. directory.GetDirectories().OrderBy(item => item.Name, StringComparer.Ordinal).Select(item => new Submission(item.FullName))];
            if (submissions.Length == 0)
            {
                throw new UsageException($"There is no folder in {directory}: each submission is one.");
            }

            var all = isClient ? ClientChecks.All : ServerChecks.All;
            Check[] columns = [.. SelectedChecks.Of([.. all, .. SubmissionChecks.Of(new Submission(directory.FullName))], settings.Only, settings.Skip)];
            var rows = new string?[submissions.Length];
            // Opened before the first check: a table that cannot be written must not cost hours.
            await using var table = new StreamWriter(arguments.GetValue(csv)!.FullName);
            var places = new ParallelOptions { MaxDegreeOfParallelism = arguments.GetValue(parallel), CancellationToken = cancellationToken };
            try
            {
                await Parallel.ForAsync(0, submissions.Length, places, CheckOneAsync);
            }
            finally
            {
                // Also of a run that was interrupted: the rows that there are.
                await WriteAsync(table, columns, rows.OfType<string>());
            }

            return ExitCode.Passed;

            async ValueTask CheckOneAsync(int index, CancellationToken token)
            {
                var report = await CheckAsync(submissions[index], arguments.GetValue(words), isClient, settings, token);
                // What was interrupted has points for checks that were not made.
                token.ThrowIfCancellationRequested();
                rows[index] = Row(submissions[index], report);
                Console.WriteLine($"{submissions[index].Name}: {report.Summary}");
                if (arguments.GetValue(reports) is { } target)
                {
                    WriteFeedback(report, target.FullName, submissions[index].Name);
                }
            }
        });
        return command;
    }

    private static CheckSettings Read(CheckOptions options, ParseResult arguments)
    {
        var settings = options.Read(arguments);
        return settings.Reports.Count == 0 && settings.MinScore is null
            ? settings
            : throw new UsageException("batch writes a table (--csv) and reports of each submission (--reports DIR), and ends with 0 when they are complete: --report and --min-score are for one submission.");
    }

    private static async Task<Report> CheckAsync(Submission submission, string? command, bool isClient, CheckSettings settings, CancellationToken cancellationToken)
    {
        var (kind, checks, target) = SubmissionCommand.Prepare(submission, command, isClient, settings);
        var (report, _) = await CheckSession.RunAsync(
            kind, SelectedChecks.Of(checks, settings.Only, settings.Skip), target,
            SubmissionCommand.Repeated(submission, command, isClient, settings), settings, new NoDisplay(), cancellationToken);
        return report;
    }

    private static void WriteFeedback(Report report, string folder, string name)
    {
        var path = Path.Combine(folder, name);
        Directory.CreateDirectory(folder);
        CheckSession.WriteReports(report, [new ReportFile(new MarkdownReport(), path + ".md"), new ReportFile(new JsonReport(), path + ".json")]);
    }

    private static async Task WriteAsync(StreamWriter table, Check[] columns, IEnumerable<string> rows)
    {
        string[] header = ["submission", "points", "maxPoints", .. columns.Select(ReportText.Title)];
        foreach (var row in rows.Prepend(string.Join(',', header.Select(Field))))
        {
            await table.WriteLineAsync(row);
        }
    }

    private static string Row(Submission submission, Report report)
    {
        string[] cells = [submission.Name, CheckContext.Number(report.Points), CheckContext.Number(report.MaxPoints), .. report.Results.Select(result => result.Verdict.Name())];
        return string.Join(',', cells.Select(Field));
    }

    /// <summary>As RFC 4180 has it. A name that a spreadsheet would take for a formula is made text.</summary>
    private static string Field(string text)
    {
        var harmless = text.Length > 0 && "=+-@".Contains(text[0], StringComparison.Ordinal) ? "'" + text : text;
        return harmless.AsSpan().IndexOfAny(",\"\r\n") < 0 ? harmless : $"\"{harmless.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }
}
