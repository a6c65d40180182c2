using System.Net;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AccioKestrel.Tests.Status;

/// <summary>
/// The description of the API that the program serves is the one that Microsoft.AspNetCore.OpenApi makes of its
/// endpoints. After a change, <c>ACCIO_UPDATE=1 dotnet test</c> writes it again.
/// </summary>
public sealed class OpenApiTests
{
    [Fact]
    public async Task Description_IsWhatTheEndpointsAre()
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ApplicationName = nameof(AccioKestrel) });
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.AddAccio();
        builder.Services.AddAccioStatus();
        builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.NumberHandling = JsonNumberHandling.Strict);
        builder.Services.AddOpenApi(options => options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info.Title = nameof(AccioKestrel);
            document.Info.Version = "1";
            document.Servers?.Clear();
            return Task.CompletedTask;
        }));
        await using var app = builder.Build();
        app.MapAccioStatus();
        app.MapOpenApi("/made/{documentName}.json");
        await app.StartAsync(TestContext.Current.CancellationToken);

        using var http = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
        var made = await http.GetStringAsync(new Uri("/made/v1.json", UriKind.Relative), TestContext.Current.CancellationToken) + "\n";
        if (Environment.GetEnvironmentVariable("ACCIO_UPDATE") is "1")
        {
            await File.WriteAllTextAsync(Repository.PathOf("Server/StatusAddress/openapi.json"), made, TestContext.Current.CancellationToken);
        }

        Assert.Equal(made, await File.ReadAllTextAsync(Repository.PathOf("Server/StatusAddress/openapi.json"), TestContext.Current.CancellationToken));
    }
}
