using AccioKestrel.Server;
using AccioKestrel.Server.NativeStart;
using AccioKestrel.Server.StatusAddress;
using AccioKestrel.Terminal;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

return await ServerProcess.RunAsync(args, (arguments, terminal) =>
{
    var builder = ServerProcess.CreateBuilder();
    var settings = builder.Configuration;
    var sources = settings.AddSettings(arguments);
    var tls = Settings.LoadCertificates(settings);
    var hasDisplay = terminal?.Error is not null && Settings.ShowsProgress(settings);
    var status = Settings.StatusEndPoint(settings, arguments.Port);

    // The order counts: results are printed before they are recorded, and Kestrel adds its own transport unless AddAccioCore comes first.
    builder.Logging.AddStandardError(settings, terminal?.Error, hasDisplay);
    builder.Services
        .AddKnownServices()
        .AddTerminal(terminal, hasDisplay)
        .AddResults(settings, hasStatusPage: status is not null, arguments.IsCheck)
        .AddAccioCore()
        .AddSystemdSupport()
        .AddMetricsExport(settings)
        .AddStopping(Settings.ShutdownGrace(settings), hasDisplay)
        .AddAnnouncements(tls?.CertificateFile, status, sources, hasDisplay);
    builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel
        .ListenAccioCore(Settings.ListenAddress(settings), arguments.Port, endpoint => endpoint.UseTls(tls)));
    return builder.AddStatusAddress(status).Build().UseStatusAddress(status, Settings.StatusHosts(settings));
});
