using AccioKestrel;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

// Before all else: from here on a signal stops the server in good order.
StopSignals.Handle();
var exitCode = await new CommandLine(ServeAsync).RunAsync(args);
StopSignals.Ignore();
return exitCode;

async Task<int> ServeAsync(ServerArguments arguments)
{
    // Not one of the ready-made builders: they would watch the whole working directory for changed settings, and listen
    // where the environment says that web applications should.
    var builder = WebApplication.CreateEmptyBuilder(new());
    try
    {
        builder.Configuration.AddSettings(arguments);
        var terminal = Settings.ShowsProgress(builder.Configuration) ? Terminal.Find() : null;
        builder.Logging.UseStandardError(builder.Configuration, terminal?.Writer);
        var tls = Settings.Tls(builder.Configuration);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.ListenAccio(
            Settings.ListenAddress(builder.Configuration), arguments.Port, endpoint => endpoint.UseTls(tls)));
        builder.Services.AddKnownServices();
        builder.Services.AddAccio();
        builder.Services.AddSystemdSupport();
        builder.Services.AddOtlpExport(builder.Configuration);
        if (terminal is not null)
        {
            builder.Services.AddSingleton(terminal).AddHostedService<TerminalProgress>();
        }

        var status = Settings.StatusEndPoint(builder.Configuration);
        if (status is not null)
        {
            builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(status));
            builder.Services.AddRoutingCore().AddAccioStatus();
        }

        // The exchange ends by its own grace; the host's limit behind it is for what should not happen.
        builder.Services.AddOptions<HostOptions>().Configure<IOptions<AccioOptions>>(
            (host, accio) => host.ShutdownTimeout = TimeSpan.FromSeconds(accio.Value.ShutdownGrace + 5));

        await using var app = builder.Build();
        if (status is not null)
        {
            app.Use(new KnownHosts(Settings.StatusHosts(builder.Configuration)).FilterAsync);
            app.MapAccioStatus();
        }

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
    catch (Exception exception) when (StartFailure.Explain(exception, arguments.Port, Settings.StatusEndPoint(builder.Configuration)) is { } reason)
    {
        StandardError.Write(reason);
        return ExitCode.Failure;
    }
}
