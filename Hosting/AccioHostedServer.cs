using System.Net;
using System.Runtime.CompilerServices;
using AccioKestrel.Diagnostics;
using AccioKestrel.Exchange;
using AccioKestrel.Transport;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AccioKestrel.Hosting;

/// <summary>Serves the Accio endpoints of a host on a Kestrel of their own, beside the host's server.</summary>
/// <remarks>
/// The host's Kestrel ignores its configured URLs as soon as it has one endpoint in code, announces every endpoint as HTTP, and applies the
/// host's endpoint defaults and connection limits to it. In a test with another server than Kestrel it would not listen at all.
/// </remarks>
internal sealed class AccioHostedServer(
    IServiceProvider services,
    IOptions<KestrelServerOptions> host,
    AccioTransportFactory transport,
    ResultDelivery delivery,
    IHostApplicationLifetime lifetime,
    ILoggerFactory loggers) : IHostedLifecycleService, IDisposable
{
    /// <summary>The Accio endpoints for each options object of the host's Kestrel: a library can have the host's options built more than once.</summary>
    private readonly ConditionalWeakTable<KestrelServerOptions, KestrelServerOptions> _options = [];

    private KestrelServer? _server;
    private Task _stopped = Task.CompletedTask;
    private CancellationTokenRegistration _abort;

    /// <summary>Adds an endpoint. <see cref="StartedAsync"/> binds it.</summary>
    public void Listen(KestrelServerOptions kestrel, IPAddress address, int port, Action<ListenOptions> configure) =>
        _options.GetValue(kestrel, _ => new KestrelServerOptions { ApplicationServices = services }).ListenAccioCore(address, port, configure);

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Binds the endpoints, after the host's own server: by then its addresses are known, and a clash can be explained.</summary>
    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        // Reading the options runs the host's ListenAccio calls. A host whose server is not Kestrel has not read them.
        if (!_options.TryGetValue(host.Value, out var options))
        {
            AccioLog.NoEndPoint(new UnfailingLogger(loggers.CreateLogger(LogCategory.Listener)));
            return;
        }

        _server = new KestrelServer(Options.Create(options), transport, loggers);
        try
        {
            await _server.StartAsync(new NoHttp(), cancellationToken);
        }
        catch (IOException exception) when (exception.InnerException is AddressInUseException { InnerException: ListenFailedException failure })
        {
            // Kestrel's own message names the endpoint as an HTTP address.
            var cause = OwnUrlOnPortOf(failure.EndPoint) is { } url ? $"this host serves {url} on the same port" : "another program, or another ListenAccio of this host, listens on that port";
            throw new IOException($"Accio cannot listen on {failure.EndPoint}, because {cause}. Give ListenAccio another port.", failure);
        }
    }

    /// <summary>
    /// Begins the stop of the endpoints. The host stops its services one after another: begun in <see cref="StopAsync"/>, this stop would come
    /// after the last HTTP request, and clients would be served until then.
    /// </summary>
    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        // From this call on, the handler starts no further exchange. The host itself makes it only after this method has returned.
        lifetime.StopApplication();
        // The token is the host's shutdown time-out. Kestrel then aborts the connections, and waits for a second.
        _abort = cancellationToken.UnsafeRegister(static delivery => ((ResultDelivery)delivery!).GiveUp(), delivery);
        _stopped = _server?.StopAsync(cancellationToken) ?? Task.CompletedTask;
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => _stopped;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        _abort.Dispose();
        _server?.Dispose();
    }

    private string? OwnUrlOnPortOf(EndPoint endPoint) => services.GetService<IServer>()?.Features.Get<IServerAddressesFeature>()?.Addresses
        .FirstOrDefault(url => BindingAddress.Parse(url).Port == ((IPEndPoint)endPoint).Port);

    /// <summary>Kestrel asks for the application behind its HTTP endpoints. This one has none.</summary>
    private sealed class NoHttp : IHttpApplication<IFeatureCollection>
    {
        public IFeatureCollection CreateContext(IFeatureCollection contextFeatures) => contextFeatures;

        public Task ProcessRequestAsync(IFeatureCollection context) => Task.CompletedTask;

        public void DisposeContext(IFeatureCollection context, Exception? exception)
        {
        }
    }
}
