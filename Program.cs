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
    var tls = Settings.Tls(settings);
    var isWatched = terminal?.Errors is not null && Settings.ShowsProgress(settings);
    var status = Settings.StatusEndPoint(settings, arguments.Port);

    builder.Logging.UseStandardError(settings, terminal?.Errors, isWatched);
    builder.Services
        .AddKnownServices()
        .AddTerminal(terminal, isWatched)
        .AddResults(settings, hasStatusPage: status is not null, arguments.IsCheck)
        .AddAccioCore()
        .AddSystemdSupport()
        .AddOtlpExport(settings)
        .AddStopping(Settings.ShutdownGrace(settings), isWatched)
        .AddAnnouncements(Settings.TlsCertificateFile(settings), status, sources, isWatched);
    builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel
        .ListenAccioCore(Settings.ListenAddress(settings), arguments.Port, endpoint => endpoint.UseTls(tls)));
    return builder.AddStatusPage(status).Build().UseStatusPage(status, Settings.StatusHosts(settings));
});
