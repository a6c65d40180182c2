using System.Net.Sockets;

namespace AccioKestrel;

/// <summary>An Accio endpoint cannot be listened on, for another reason than being in use.</summary>
internal sealed class ListenFailedException(SocketException inner) : IOException(inner.Message, inner)
{
    /// <summary>The system's reason.</summary>
    public SocketError Error => ((SocketException)InnerException!).SocketErrorCode;
}
