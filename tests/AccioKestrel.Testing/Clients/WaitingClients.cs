using System.Collections;

namespace AccioKestrel.Testing;

/// <summary>Clients in the order in which they came, disposed together.</summary>
internal sealed class WaitingClients(AccioClient[] clients) : IEnumerable<AccioClient>, IDisposable
{
    public IEnumerator<AccioClient> GetEnumerator() => clients.AsEnumerable().GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public void Dispose()
    {
        foreach (var client in clients)
        {
            client.Dispose();
        }
    }
}
