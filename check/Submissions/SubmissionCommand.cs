using System.CommandLine;

namespace AccioKestrel.Checker;

/// <summary>Checks one folder that was handed in: its commits, its files, and the server in it.</summary>
internal static class SubmissionCommand
{
    public static Command Create()
    {
        var folder = new Argument<DirectoryInfo>("DIR") { Description = "The submission's folder." };
        var words = new Option<string?>("--command") { HelpName = "COMMAND", Description = "The command, with {dir} for the folder, if it is not python3 server-s.py {port}." };
        var client = new Option<bool>("--client") { Description = "Check the client in it, not the server." };
        var options = new CheckOptions();
        var command = new Command("submission", "Check a submission: commits, README, temporary files, forbidden calls, then the server in it.") { folder, words, client };
        options.AddTo(command);
        command.SetAction((arguments, cancellationToken) =>
        {
            var directory = arguments.GetValue(folder)!;
            if (!directory.Exists)
            {
                throw new UsageException($"There is no folder {directory}.");
            }

            var settings = options.Read(arguments);
            var submission = new Submission(directory.FullName);
            var isClient = arguments.GetValue(client);
            var (kind, checks, target) = Prepare(submission, arguments.GetValue(words), isClient, settings);
            return CheckSession.RunAsync(kind, checks, target, Repeated(submission, arguments.GetValue(words), isClient, settings), settings, cancellationToken);
        });
        return command;
    }

    /// <summary>The arguments that check the same submission once more.</summary>
    public static string[] Repeated(Submission submission, string? command, bool isClient, CheckSettings settings)
    {
        string[] client = isClient ? ["--client"] : [];
        string[] words = command is null ? [] : ["--command", command];
        return settings.Repeated(["submission", submission.Folder, .. client, .. words]);
    }

    /// <summary>What to check. Of a submission without a program all that needs one is skipped.</summary>
    public static (string Kind, IReadOnlyList<Check> Checks, CheckTarget Target) Prepare(Submission submission, string? command, bool isClient, CheckSettings settings)
    {
        string[] placeholders = isClient ? ["{host}", "{port}", "{file}"] : ["{port}"];
        string[] words = command is not null
            ? [.. command.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word => word.Replace("{dir}", submission.Folder, StringComparison.Ordinal))]
            : ["python3", Path.Combine(submission.Folder, submission.Programs(isClient).FirstOrDefault(Submission.NamesOf(isClient)[0])), .. placeholders];
        TargetCommand.ExpectPlaceholders(words, placeholders);
        var missing = TargetCommand.Missing(words);
        var target = new CheckTarget
        {
            Command = missing is null ? TargetCommand.Resolve(words) : [],
            Folder = settings.Repository ?? submission.Folder,
            BaseCommit = settings.Base,
            Emulation = settings.Emulation,
            Memory = settings.Memory,
        };
        var checks = isClient ? ClientChecks.All : ServerChecks.All;
        return (isClient ? "client" : "server", [.. missing is null ? checks : checks.Select(WithoutProgram), .. SubmissionChecks.Of(submission, isClient, command is not null, missing)], target);
    }

    private static Check WithoutProgram(Check check) => check.Id is "commits" ? check : check with
    {
        RunAsync = _ => throw new FindingException(Verdict.Skipped, new Finding(Expected: null, "not run, because no program was found in the submission: see the check program", Hint: null)),
        Needs = [],
        Seconds = 0,
    };
}
