using System.Text.Json.Nodes;

namespace AccioKestrel.Testing;

/// <summary>A client of the status address.</summary>
internal sealed class StatusClient(int port) : IDisposable
{
    private readonly HttpClient _http = new() { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = Patience.Limit };

    /// <summary>Starts a server with a status page, and a client for it.</summary>
    public static async Task<(AccioServer Server, StatusClient Status)> StartAsync(string options = "", params (string Name, string Value)[] environment)
    {
        var port = AccioServer.FreePort();
        var server = await AccioServer.StartAsync($"--status {port} {options}", environment: environment);
        var status = new StatusClient(port);
        await UntilServedAsync(port);
        return (server, status);
    }

    /// <summary>Waits until there is an answer: the Accio port is bound first, and says so.</summary>
    public static async Task UntilServedAsync(int port)
    {
        using var status = new StatusClient(port);
        await status.WaitUntilAsync(_ => true);
    }

    public int Port => port;

    public Task<string> TextAsync(string path) => _http.GetStringAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);

    public Task<Stream> StreamAsync(string path) => _http.GetStreamAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);

    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request) => _http.SendAsync(request, TestContext.Current.CancellationToken);

    /// <summary>Does not wait for the end of the answer, which an event stream does not have.</summary>
    public Task<HttpResponseMessage> SendHeadersOnlyAsync(HttpRequestMessage request) =>
        _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);

    public Task<HttpResponseMessage> GetAsync(string path) => _http.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);

    public async Task<JsonNode> StatusAsync() => JsonNode.Parse(await TextAsync("/api/status"))!;

    /// <summary>Repeats the request until the response meets the condition.</summary>
    public async Task<JsonNode> WaitUntilAsync(Predicate<JsonNode> wanted)
    {
        string? last = null;
        for (var end = DateTime.UtcNow + Patience.Limit; DateTime.UtcNow < end;)
        {
            try
            {
                var status = await StatusAsync();
                if (wanted(status))
                {
                    return status;
                }

                last = status.ToJsonString();
            }
            catch (HttpRequestException exception) when (exception.HttpRequestError is HttpRequestError.ConnectionError)
            {
                last = exception.Message;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), TestContext.Current.CancellationToken);
        }

        Assert.Fail($"The status stayed at {last}");
        return null!;
    }

    public void Dispose() => _http.Dispose();
}
