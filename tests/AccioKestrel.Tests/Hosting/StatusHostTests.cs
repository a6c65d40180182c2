using System.Net;
using System.Text.RegularExpressions;
using System.Threading.RateLimiting;
using AccioKestrel.Tests.EndToEnd;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Playwright;

namespace AccioKestrel.Tests.Hosting;

/// <summary>The status page in another host than the program's.</summary>
public sealed partial class StatusHostTests(Chromium browser) : IClassFixture<Chromium>
{
    [Fact]
    public async Task Page_UnderAPrefix_IsLiveInABrowser()
    {
        Needs.Installed(Chromium.Program);
        await using var app = await StartAsync(app => app.MapAccioStatus("/accio"));
        var complaints = new List<string>();
        var page = await browser.OpenAsync(complaints);
        await page.GotoAsync($"{app.Urls.Single()}/accio");
        await Assertions.Expect(page.Locator("#connection")).ToHaveTextAsync("Live");
        await Assertions.Expect(page.Locator("#end-points")).ToHaveTextAsync($"127.0.0.1:{app.AccioPorts().Single()}");
        await Assertions.Expect(page.Locator("#chart canvas")).ToHaveCountAsync(1);
        Assert.Equal($"{app.Urls.Single()}/accio/", page.Url);
        Assert.Empty(complaints);
    }

    [Theory]
    [InlineData("", "", "/")]
    [InlineData("/accio", "", "/accio/")]
    [InlineData("/a/{tenant}/status", "", "/a/b/status/")]
    [InlineData("", "/base", "/base/")]
    [InlineData("/accio", "/base", "/base/accio/")]
    public async Task Page_UnderAPrefixAndAPathBase_HasAllThatItNames(string prefix, string pathBase, string page)
    {
        await using var app = await StartAsync(app =>
        {
            app.UsePathBase(pathBase);
            app.UseRouting();
            app.MapAccioStatus(prefix);
        });
        using var http = Client(app);

        var html = await http.GetStringAsync(Path(page), TestContext.Current.CancellationToken);
        var links = Links().Matches(html).Select(match => match.Groups["url"].Value).Where(url => !url.StartsWith('#')).Append("api/status").Distinct().ToList();
        Assert.Contains("status.js", links);
        await Assert.AllAsync(links, async link =>
        {
            Assert.False(link.StartsWith('/') || link.Contains("://", StringComparison.Ordinal), link);
            using var response = await http.GetAsync(Path(page + link), TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        });
        using var events = await http.GetAsync(Path(page + "api/events"), HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        Assert.Equal("text/event-stream", events.Content.Headers.ContentType?.MediaType);
    }

    [Theory]
    [InlineData("/accio", "", "/accio", "./accio/")]
    [InlineData("/accio", "", "/accio?a=b", "./accio/?a=b")]
    [InlineData("/accio", "/base", "/base/accio", "./accio/")]
    [InlineData("", "/base", "/base", "./base/")]
    [InlineData("/acc io", "", "/acc%20io", "./acc%20io/")]
    public async Task Page_WithoutItsLastSlash_RedirectsWithinItsFolder(string prefix, string pathBase, string page, string location)
    {
        await using var app = await StartAsync(app =>
        {
            app.UsePathBase(pathBase);
            app.UseRouting();
            app.MapAccioStatus(prefix);
        });
        using var http = Client(app);
        using var response = await http.GetAsync(Path(page), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Redirect, response.StatusCode);
        Assert.Equal(location, response.Headers.Location?.OriginalString);
    }

    [Fact]
    public async Task Conventions_OfTheBuilder_ApplyToEveryEndpoint()
    {
        var marker = new object();
        await using var app = await StartAsync(app => app.MapAccioStatus("/accio").WithMetadata(marker));
        var endpoints = app.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().ToList();
        Assert.True(endpoints.Count > 7, $"{endpoints.Count}");
        Assert.All(endpoints, endpoint => Assert.Contains(marker, endpoint.Metadata));
        Assert.All(endpoints, endpoint => Assert.StartsWith("/accio", endpoint.RoutePattern.RawText, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Page_ThatRequiresAuthorization_IsForbiddenWithoutIt()
    {
        await using var app = await StartAsync(
            app =>
            {
                app.UseAuthentication();
                app.UseAuthorization();
                app.MapAccioStatus("/accio").RequireAuthorization();
            },
            services => services.AddAuthorization().AddAuthentication("none").AddScheme<AuthenticationSchemeOptions, AnonymousScheme>("none", null));
        using var http = Client(app);
        foreach (var path in (string[])["/accio/", "/accio/status.js", "/accio/api/status", "/accio/api/events"])
        {
            using var response = await http.GetAsync(Path(path), TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        }
    }

    [Fact]
    public async Task Page_WithARateLimitAndAHost_FollowsBoth()
    {
        await using var app = await StartAsync(
            app =>
            {
                app.UseRateLimiter();
                app.MapAccioStatus("/accio").RequireRateLimiting("two").RequireHost("127.0.0.1");
            },
            services => services.AddRateLimiter(limits => limits.AddPolicy("two", _ => RateLimitPartition.GetConcurrencyLimiter("all", _ => new() { PermitLimit = 1 }))));
        using var http = Client(app);
        using var other = new HttpRequestMessage(HttpMethod.Get, Path("/accio/")) { Headers = { Host = "example.org" } };
        using var unknown = await http.SendAsync(other, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);

        // The event stream keeps the only permit.
        using var events = await http.GetAsync(Path("/accio/api/events"), HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        using var response = await http.GetAsync(Path("/accio/"), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
    }

    [Fact]
    public async Task Status_InAHostWithOtherJsonOptions_IsTheSame()
    {
        await using var app = await StartAsync(
            app => app.MapAccioStatus(),
            services => services.ConfigureHttpJsonOptions(json => json.SerializerOptions.PropertyNamingPolicy = System.Text.Json.JsonNamingPolicy.SnakeCaseUpper));
        using var http = Client(app);
        Assert.StartsWith("{\"version\":", await http.GetStringAsync(Path("/api/status"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task MapAccioStatus_WithoutWhatItNeeds_SaysWhatIsMissing(bool status)
    {
        var builder = WebApplication.CreateSlimBuilder();
        _ = status ? builder.Services.AddAccioStatus() : builder.Services.AddAccio();
        await using var app = builder.Build();
        var exception = Assert.Throws<InvalidOperationException>(() => app.MapAccioStatus());
        Assert.Contains("AddAccio().AddAccioStatus()", exception.Message, StringComparison.Ordinal);
    }

    private static async Task<WebApplication> StartAsync(Action<WebApplication> map, Action<IServiceCollection>? add = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0").ConfigureKestrel(kestrel => kestrel.ListenAccio(IPAddress.Loopback, 0));
        builder.Services.AddAccio().AddAccioStatus().AddAccioStatus();
        add?.Invoke(builder.Services);
        var app = builder.Build();
        map(app);
        await app.StartAsync(TestContext.Current.CancellationToken).OrGiveUp();
        return app;
    }

    private static HttpClient Client(WebApplication app) =>
        new(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri(app.Urls.Single()), Timeout = Patience.Limit };

    private static Uri Path(string path) => new(path, UriKind.Relative);

    [GeneratedRegex("(href|src)=\"(?<url>[^\"]*)\"", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Links();

    private sealed class AnonymousScheme(
        Microsoft.Extensions.Options.IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, System.Text.Encodings.Web.UrlEncoder encoder)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(AuthenticateResult.NoResult());
    }
}
