using System.Globalization;
using System.Net;
using AccioKestrel;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

// The same handler on an ordinary endpoint: Kestrel's socket transport receives for it, through pipes.
var builder = WebApplication.CreateSlimBuilder();
builder.Logging.ClearProviders();
builder.Services.AddAccio();
builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(
    IPAddress.Any,
    int.Parse(args[0], CultureInfo.InvariantCulture),
    listen => listen.UseConnectionHandler<AccioConnectionHandler>()));
await builder.Build().RunAsync();
