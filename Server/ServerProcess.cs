using AccioKestrel.Hosting;
using AccioKestrel.Terminal;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace AccioKestrel.Server;

/// <summary>The process around the server: signals, failed starts, the order of its end, and the exit code.</summary>
internal static class ServerProcess
{
    /// <summary>Creates a builder without default settings and services.</summary>
    /// <remarks>
    /// The default builders would watch the whole working directory for changed settings, and listen on the addresses that the
    /// environment configures for web applications. The content root is not the working directory, which may be unreadable.
    /// </remarks>
    public static WebApplicationBuilder CreateBuilder()
    {
        var builder = WebApplication.CreateEmptyBuilder(new() { ApplicationName = nameof(AccioKestrel), ContentRootPath = AppContext.BaseDirectory });
        HeldLoggerFactory.AddTo(builder.Services);
        return builder;
    }

    /// <summary>Runs the program.</summary>
    /// <param name="args">The arguments of the program.</param>
    /// <param name="build">Builds the application from the arguments and the terminals, if there are any.</param>
    /// <returns>The exit code.</returns>
    /// <remarks>
    /// A failure before the server has started is for the operator to solve, and is reported in one sentence. A failure afterwards is a
    /// defect, and crashes the process with the runtime's full report.
    /// </remarks>
    public static async Task<int> RunAsync(string[] args, Func<ServerArguments, Terminals?, WebApplication> build)
    {
        var (hasStarted, isCheck) = (false, false);
        var exitCode = ExitCode.Success;
        try
        {
            // First of all, because signals stop the server gracefully only after this call.
            StopSignals.Handle();
            ConsoleEncoding.Ensure();
            if (new CommandLine().Read(args) is { } arguments)
            {
                isCheck = arguments.IsCheck;
                using var terminal = Terminals.Find();
                await using var app = build(arguments, terminal);
                if (isCheck)
                {
                    ConfigurationCheck.Run(app, arguments);
                }
                else
                {
                    exitCode = await ServeAsync(app, whenStarted: () => hasStarted = true);
                }
            }
        }
        catch (OperationCanceledException) when (!hasStarted && StopSignals.First.IsCancellationRequested)
        {
            // A signal has stopped the server during its start, which is no failure. A check that was stopped has not found the settings right.
            exitCode = isCheck ? ExitCode.Failure : ExitCode.Success;
        }
        catch (Exception exception) when (!hasStarted)
        {
            StandardError.Write(StartFailure.Explain(exception));
            exitCode = ExitCode.Failure;
        }

        StopSignals.Ignore();
        return exitCode;
    }

    /// <summary>Runs the application until a signal stops it, or it stops itself. After a second signal the host aborts what is still running.</summary>
    private static async Task<int> ServeAsync(WebApplication app, Action whenStarted)
    {
        var stopping = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var requested = app.Lifetime.ApplicationStopping.UnsafeRegister(static stopping => ((TaskCompletionSource)stopping!).SetResult(), stopping);
        var lost = app.Services.GetRequiredService<LostResults>();
        var count = app.Services.GetService<StopAfterResults>();

        await app.StartAsync(StopSignals.First);
        whenStarted();
        app.Services.GetRequiredService<StartAnnouncement>().Announce();
        await stopping.Task;
        // A signal that comes later is not the reason for this stop.
        var isBySignal = StopSignals.First.IsCancellationRequested;
        try
        {
            await app.StopAsync(StopSignals.Second);
        }
        catch (OperationCanceledException) when (StopSignals.Second.IsCancellationRequested)
        {
            // The second signal has ended the wait for what was still running.
        }

        // Before the exit code is determined: a result whose write is still blocked is reported as lost here.
        await app.DisposeAsync();

        // A server that stops without a signal, before it has all results that --count asked for, has lost its listen socket, or could not
        // write a result.
        return (isBySignal || count?.IsReached is true) && !lost.HasAny ? ExitCode.Success : ExitCode.Failure;
    }
}
