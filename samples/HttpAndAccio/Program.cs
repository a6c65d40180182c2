// Serves Accio on a port of its own, and beside it HTTP, where the host's configuration says.
var builder = WebApplication.CreateBuilder(args);
builder.Services.AddAccio().AddAccioStandardOutput().AddAccioStatus();
builder.Services.AddHealthChecks().AddAccio();
builder.WebHost.ConfigureKestrel((host, kestrel) => kestrel.ListenAccio(host.Configuration.GetValue("AccioPort", 4000)));

// The sizes of the files go to standard output, so the log does not.
builder.Logging.AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace);

var app = builder.Build();
app.MapGet("/", () => "Hello by HTTP.\n");
app.MapHealthChecks("/healthz");
// The page shows the addresses of clients: only for people at this machine.
app.MapAccioStatus("/accio").RequireHost("localhost", "127.0.0.1");
app.Run();
