using System.Net;
using System.Net.Sockets;

namespace AccioKestrel.Transport;

/// <summary>A listen socket of this process, with the queue of connected clients that the kernel keeps for it.</summary>
internal class AcceptQueue : IDisposable
{
    /// <param name="socket">The socket, which listens, and which this object owns from now on.</param>
    public AcceptQueue(Socket socket) => Socket = socket;

    protected Socket Socket { get; }

    public EndPoint EndPoint => Socket.LocalEndPoint!;

    /// <summary>Whether the kernel disconnects the waiting clients when this object is disposed.</summary>
    public virtual bool DisconnectsOnDispose => true;

    /// <summary>How many clients wait; 0 if the system does not report it, and once disposed.</summary>
    public int Length => PlatformSocket.Queue(Socket).Length;

    /// <summary>How many clients can wait: the kernel may cap the backlog. 0 if the system does not report it.</summary>
    public int Limit => PlatformSocket.Queue(Socket).Limit;

    /// <summary>Blocks until there is a client. Disposing this object ends the wait with an exception that depends on the moment.</summary>
    /// <param name="stopping">Once it is canceled, no client is taken from an inherited queue. From an own one, an accept that is blocked already may take one.</param>
    /// <returns>The client's socket, or null if <paramref name="stopping"/> is canceled.</returns>
    /// <remarks>Not asynchronous: an asynchronous accept would wake the runtime's polling thread for every client that connects.</remarks>
    public virtual Socket? Accept(CancellationToken stopping) => stopping.IsCancellationRequested ? null : Socket.Accept();

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
        {
            Socket.Dispose();
        }
    }
}
