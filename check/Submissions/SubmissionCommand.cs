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
            var (kind, checks, target) = Prepare(submission, arguments.GetValue(words), isClient, settings)
                ?? throw new UsageException($"There is no {(isClient ? "client.py" : "server-s.py")} in {directory}; --command says how to start another program.");
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

    /// <returns>What to check; null if the submission has no program.</returns>
    public static (string Kind, IReadOnlyList<Check> Checks, CheckTarget Target)? Prepare(Submission submission, string? command, bool isClient, CheckSettings settings)
    {
        string[]? words = command is not null
            ? [.. command.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word => word.Replace("{dir}", submission.Folder, StringComparison.Ordinal))]
            : isClient ? submission.Client is { } client ? ["python3", client, "{host}", "{port}", "{file}"] : null
            : submission.Server is { } server ? ["python3", server, "{port}"]
            : null;
        if (words is null)
        {
            return null;
        }

        var target = new CheckTarget
        {
            Command = isClient ? TargetCommand.Resolve(words, "{host}", "{port}", "{file}") : TargetCommand.Resolve(words, "{port}"),
            Folder = settings.Repository ?? submission.Folder,
            BaseCommit = settings.Base,
            Emulation = settings.Emulation,
        };
        return (isClient ? "client" : "server", [.. isClient ? ClientChecks.All : ServerChecks.All, .. SubmissionChecks.Of(submission)], target);
    }
}
