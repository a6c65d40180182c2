using System.Net;

namespace AccioKestrel;

/// <summary>An address and port served by <see cref="AccioTransportFactory"/>: the type is the mark that it goes by.</summary>
internal sealed class AccioEndPoint(IPAddress address, int port) : IPEndPoint(address, port);
