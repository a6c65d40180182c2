using System.CommandLine;
using System.CommandLine.Invocation;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using AccioKestrel.Terminal;

namespace AccioKestrel.Checker;

/// <summary>The commands and their arguments.</summary>
internal static class CommandLine
{
    /// <summary>Does what the arguments ask for.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        var root = Root();
        var arguments = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        var command = arguments.CommandResult.Command == root ? "accio-check" : $"accio-check {arguments.CommandResult.Command.Name}";
        if (arguments.Action is not { ClearsParseErrors: true } && Usage.Problem(arguments) is { } problem)
        {
            return await UsageAsync(problem, command);
        }

        // The commands that only print are synchronous.
        var checks = arguments.Action is AsynchronousCommandLineAction;
        if (checks && !OperatingSystem.IsLinux())
        {
            await Console.Error.WriteLineAsync(
                "ERROR: accio-check needs Linux: it looks at processes and sockets as Linux shows them. On Windows, use WSL; on macOS, a Linux container or virtual machine.");
            return ExitCode.Environment;
        }

        if (checks)
        {
            Libc.StopIgnoringSignals();
        }

        // A terminal that is closed ends the run as a signal does: the programs under check must not outlive it.
        using var hangup = !checks || Libc.IsHangupIgnored ? null : PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            context.Cancel = true;
            _ = Libc.SendSignal(Environment.ProcessId, Libc.Terminate);
        });
        // The checks wait side by side, but what each does between two waits must not wait for the others.
        ThreadPool.SetMinThreads(32, 32);
        try
        {
            // On a signal the programs under check are ended first.
            return await arguments.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeSpan.FromSeconds(30) });
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Interrupted;
        }
        catch (UsageException exception)
        {
            return await UsageAsync(exception.Message, command);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or SocketException or TimeoutException)
        {
            await Console.Error.WriteLineAsync($"ERROR: {exception.Message}");
            return ExitCode.Environment;
        }
        finally
        {
            await SessionFolder.EndAsync();
        }
    }

    private static RootCommand Root()
    {
        var root = new RootCommand("Checks any Accio server or client by the criteria of the course, and says what is wrong and why.")
        {
            ServerCommand(),
            ClientCommand(),
            SubmissionCommand.Create(),
            BatchCommand.Create(),
            RelayCommand.Create(),
            ListCommand(),
            ExplainCommand(),
        };
        root.Directives.Clear();
        return root;
    }

    private static async Task<int> UsageAsync(string message, string command)
    {
        await Console.Error.WriteLineAsync(TerminalText.Wrap($"ERROR: {message} Try {command} --help."));
        return ExitCode.Usage;
    }

    private static Command ServerCommand()
    {
        var words = new Argument<string[]>("COMMAND") { Description = "Behind --, the command that starts the server, with {port} where its port belongs.", Arity = ArgumentArity.ZeroOrMore };
        var connect = new Option<string?>("--connect") { HelpName = "HOST:PORT", Description = "Check a server that runs already, without its output." };
        var options = new CheckOptions();
        var command = new Command("server", "Check a server: accio-check server -- python3 server-s.py {port}") { words, connect };
        options.AddTo(command);
        command.SetAction(async (arguments, cancellationToken) =>
        {
            var settings = options.Read(arguments);
            var given = arguments.GetValue(words) ?? [];
            if (arguments.GetValue(connect) is { } running)
            {
                var remote = new CheckTarget { Running = await EndPoints.ParseAsync(running), Emulation = settings.Emulation };
                return await CheckSession.RunAsync("server", [.. ServerChecks.All.Where(check => !check.NeedsProcess)], remote, settings.Repeated(["server", "--connect", running]), settings, cancellationToken);
            }

            if (given.Length == 0)
            {
                throw new UsageException("The command that starts the server is missing, as in: accio-check server -- python3 server-s.py {port}.");
            }

            var target = new CheckTarget
            {
                Command = TargetCommand.Resolve(given, "{port}"),
                Folder = settings.Repository,
                BaseCommit = settings.Base,
                Emulation = settings.Emulation,
                Memory = settings.Memory,
            };
            return await CheckSession.RunAsync("server", ServerChecks.All, target, settings.Repeated(["server"], given), settings, cancellationToken);
        });
        return command;
    }

    private static Command ClientCommand()
    {
        var words = new Argument<string[]>("COMMAND")
        {
            Description = "Behind --, the command that starts the client, with {host}, {port} and {file} where they belong.",
            Arity = ArgumentArity.OneOrMore,
        };
        var options = new CheckOptions();
        var command = new Command("client", "Check a client: accio-check client -- python3 client.py {host} {port} {file}") { words };
        options.AddTo(command);
        command.SetAction((arguments, cancellationToken) =>
        {
            var settings = options.Read(arguments);
            if (settings.Emulation.IsNamespace)
            {
                throw new UsageException("--emulate namespace is for servers: a client under check would be alone in the namespace. The relay emulates the network of clients.");
            }

            var given = arguments.GetValue(words)!;
            var target = new CheckTarget
            {
                Command = TargetCommand.Resolve(given, "{host}", "{port}", "{file}"),
                Folder = settings.Repository,
                BaseCommit = settings.Base,
                Emulation = settings.Emulation,
                Memory = settings.Memory,
            };
            return CheckSession.RunAsync("client", ClientChecks.All, target, settings.Repeated(["client"], given), settings, cancellationToken);
        });
        return command;
    }

    private static Command ListCommand()
    {
        var json = new Option<bool>("--json") { Description = "List them as JSON." };
        var command = new Command("list", "List all checks.") { json };
        command.SetAction(arguments =>
        {
            if (arguments.GetValue(json))
            {
                using var output = Console.OpenStandardOutput();
                CheckList.Write(AllChecks, output);
                return;
            }

            foreach (var (kind, checks) in AllChecks)
            {
                Console.WriteLine($"{kind}:");
                foreach (var check in checks)
                {
                    var points = check.Criterion is null ? "" : $" ({check.Points})";
                    Console.WriteLine($"  {ReportText.Title(check)}{points}: {check.Sentence}");
                }
            }
        });
        return command;
    }

    private static Command ExplainCommand()
    {
        var id = new Argument<string>("ID") { Description = "The id of a check, or the number of a criterion." };
        var command = new Command("explain", "Say what a check does, and what the usual mistake is.") { id };
        command.SetAction(arguments =>
        {
            var name = arguments.GetValue(id)!;
            (string Kind, Check Check)[] named = [.. AllChecks.SelectMany(all => all.Checks.Where(check => SelectedChecks.IsNamed(check, name)).Select(check => (all.Kind, check)))];
            if (named.Length == 0)
            {
                throw SelectedChecks.Unknown(name, AllChecks.SelectMany(all => all.Checks));
            }

            foreach (var (kind, check) in named)
            {
                Console.WriteLine($"{kind} {ReportText.Title(check)}{(check.Criterion is null ? ", beyond the points" : $", {check.Points} points")}");
                Console.WriteLine($"course:    {check.Sentence}");
                Console.WriteLine($"what:      {check.Explanation}");
                Console.WriteLine($"hint:      {check.Hint}");
                if (check.Needs.Length > 0)
                {
                    Console.WriteLine($"builds on: {string.Join(", ", check.Needs)}");
                }
            }
        });
        return command;
    }

    private static IEnumerable<(string Kind, IReadOnlyList<Check> Checks)> AllChecks =>
        [("server", ServerChecks.All), ("client", ClientChecks.All), ("submission", SubmissionChecks.Of(new Submission(".")))];
}
