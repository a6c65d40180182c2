using AccioKestrel;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

// Before all else: from here on a signal stops the server in good order.
StopSignals.Handle();
var exitCode = await new CommandLine(ServeAsync).RunAsync(args);
StopSignals.Ignore();
return exitCode;

async Task<int> ServeAsync(int port, IEnumerable<KeyValuePair<string, string?>> settings)
{
    try
    {
        // Not one of the ready-made builders: they would watch the whole working directory for changed settings, and listen
        // where the environment says that web applications should.
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.Configuration
            .AddJsonFile("appsettings.json", optional: true)
            .AddEnvironmentVariables()
            .AddInMemoryCollection(settings);
        builder.Logging.UseStandardError(builder.Configuration);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.ListenAccio(port));
        builder.Services.AddAccio();
        // The exchange ends by its own grace; the host's limit behind it is for what should not happen.
        builder.Services.AddOptions<HostOptions>().Configure<IOptions<AccioOptions>>(
            (host, accio) => host.ShutdownTimeout = TimeSpan.FromSeconds(accio.Value.ShutdownGrace + 5));

        await using var app = builder.Build();
        var grace = app.Services.GetRequiredService<ShutdownGrace>();
        await using var stop = StopSignals.First.Register(app.Lifetime.StopApplication);
        await using var hurry = StopSignals.Second.Register(grace.End);
        await app.RunAsync(StopSignals.First);
        return Environment.ExitCode;
    }
    catch (OperationCanceledException) when (StopSignals.First.IsCancellationRequested)
    {
        return Environment.ExitCode;
    }
    catch (Exception exception) when (StartFailure.Explain(exception, port) is { } reason)
    {
        await Console.Error.WriteLineAsync($"ERROR: {reason}");
        return ExitCode.Failure;
    }
}
