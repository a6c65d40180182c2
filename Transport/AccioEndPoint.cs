using System.Net;

namespace AccioKestrel.Transport;

/// <summary>The address and port of an Accio endpoint. <see cref="AccioTransportFactory"/> recognises its endpoints by this type.</summary>
internal sealed class AccioEndPoint(IPAddress address, int port) : IPEndPoint(address, port)
{
    /// <summary>The TLS that the endpoint's middleware adds.</summary>
    public EndPointTls Tls { get; set; }
}
