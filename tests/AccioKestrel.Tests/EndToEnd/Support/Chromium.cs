using Microsoft.Playwright;

namespace AccioKestrel.Tests.EndToEnd;

/// <summary>The system's own browser, without a window.</summary>
public sealed class Chromium : IAsyncLifetime
{
    public const string Program = "/usr/bin/chromium";

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public static bool IsInstalled => File.Exists(Program);

    /// <summary>Starts a server with a status page, for a test that looks at it.</summary>
    internal static async Task<(AccioServer Server, StatusClient Status)> StartServerAsync(string options = "")
    {
        Needs.Installed(Program);
        return await StatusClient.StartAsync(options);
    }

    /// <summary>Opens the status page and waits until it is live.</summary>
    internal async Task<IPage> OpenStatusAsync(int port, List<string> complaints, BrowserNewContextOptions? options = null)
    {
        var page = await OpenAsync(complaints, options);
        await page.GotoAsync($"http://127.0.0.1:{port}/");
        await Assertions.Expect(page.Locator("#connection")).ToHaveTextAsync("Live");
        return page;
    }

    public async ValueTask InitializeAsync()
    {
        if (IsInstalled)
        {
            Assertions.SetDefaultExpectTimeout((float)Patience.Limit.TotalMilliseconds);
            _playwright = await Playwright.CreateAsync();
            _browser = await _playwright.Chromium.LaunchAsync(new()
            {
                ExecutablePath = Program,
                Args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
            });
        }
    }

    /// <summary>An empty page of a fresh profile. Whatever goes wrong in it is added to the list.</summary>
    internal async Task<IPage> OpenAsync(List<string> complaints, BrowserNewContextOptions? options = null)
    {
        var context = await _browser!.NewContextAsync(options ?? new() { ViewportSize = new() { Width = 1280, Height = 900 } });
        context.SetDefaultTimeout((float)Patience.Limit.TotalMilliseconds);
        var page = await context.NewPageAsync();
        // What the Content-Security-Policy forbids is complained of here too.
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
            {
                complaints.Add(message.Text);
            }
        };
        page.PageError += (_, error) => complaints.Add(error);
        return page;
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
    }
}
