using System.Net;

namespace AccioKestrel.Server.StatusAddress;

/// <summary>The address and port of the status address. <see cref="StatusTransportFactory"/> recognises its endpoints by this type.</summary>
internal sealed class StatusEndPoint(IPAddress address, int port) : IPEndPoint(address, port);
