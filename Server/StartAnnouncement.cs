using System.Net;
using System.Net.Sockets;
using AccioKestrel.Diagnostics;
using Microsoft.Extensions.Logging;

namespace AccioKestrel.Server;

/// <summary>Logs how the server is set up, and releases the log.</summary>
/// <param name="log">The log, which is held back until the announcement.</param>
/// <param name="certificate">The file of the TLS certificate, or null without TLS.</param>
/// <param name="status">The status address, or null if it is not served.</param>
/// <param name="doubts">Warnings about the settings.</param>
/// <param name="hasDisplay">Whether the log is shown to a person at a terminal.</param>
internal sealed class StartAnnouncement(HeldLoggerFactory log, string? certificate, IPEndPoint? status, IReadOnlyList<string> doubts, bool hasDisplay)
{
    private readonly ILogger _logger = log.CreateLogger(LogCategory.Server);

    /// <summary>Logs the warnings alone, of a server that is not started.</summary>
    public void Warn()
    {
        LogDoubts();
        log.Release();
    }

    public void Announce()
    {
        LogDoubts();
        AccioLog.Serving(_logger, certificate is null ? "without TLS" : $"inside TLS, with the certificate {certificate}");
        if (status is not null)
        {
            AccioLog.StatusPageServed(_logger, UrlOf(status));
        }

        if (hasDisplay)
        {
            AccioLog.StopKey(_logger);
        }

        log.Release();
    }

    private void LogDoubts()
    {
        foreach (var doubt in doubts)
        {
            AccioLog.SettingDoubtful(_logger, OneLine.Of(doubt));
        }
    }

    /// <summary>A URL that a browser on this machine can open.</summary>
    private static string UrlOf(IPEndPoint status)
    {
        var isAny = status.Address.Equals(IPAddress.Any) || status.Address.Equals(IPAddress.IPv6Any);
        var loopback = status.AddressFamily is AddressFamily.InterNetworkV6 ? IPAddress.IPv6Loopback : IPAddress.Loopback;
        return isAny ? $"http://{new IPEndPoint(loopback, status.Port)}/, and at the other addresses of this machine" : $"http://{status}/";
    }
}
