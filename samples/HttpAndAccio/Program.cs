// Serves Accio and HTTP side by side.
var builder = WebApplication.CreateBuilder(args);
builder.Services.AddAccio();
builder.WebHost.ConfigureKestrel((host, kestrel) => kestrel
    .ListenAccio(host.Configuration.GetValue("AccioPort", 5000))
    .ListenLocalhost(host.Configuration.GetValue("HttpPort", 8080)));

// The sizes of the files go to standard output, so the log does not.
builder.Logging.AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace);

var app = builder.Build();
app.MapGet("/", () => "Hello by HTTP.\n");
app.Run();
