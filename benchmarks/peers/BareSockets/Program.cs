// The least that an exchange costs in .NET: blocking sockets and nothing else.
//   BareSockets PORT bare      all on one thread
//   BareSockets PORT queued    all on one thread of the pool, to which it queues one work item for each connection, as
//                              Kestrel's accept loop does: the pool wakes another thread for it
using System.Globalization;
using System.Net;
using System.Net.Sockets;

var queued = args is [_, "queued"];
using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
listener.Bind(new IPEndPoint(IPAddress.Any, int.Parse(args[0], CultureInfo.InvariantCulture)));
listener.Listen(512);
using var output = Console.OpenStandardOutput();
var buffer = new byte[256 * 1024];
await Task.Run(ServeAll);

void ServeAll()
{
    while (true)
    {
        using var client = listener.Accept();
        client.ReceiveTimeout = 10_000;
        if (queued)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static _ => { }, state: 0, preferLocal: false);
        }

        Serve(client);
    }
}

void Serve(Socket client)
{
    client.Send("accio\r\n"u8);
    var received = client.Receive(buffer, "confirm-accio\r\n".Length, SocketFlags.None);
    client.Send("accio\r\n"u8);
    var file = -(long)"confirm-accio\r\nconfirm-accio-again\r\n\r\n".Length + received;
    while ((received = client.Receive(buffer)) > 0)
    {
        file += received;
    }

    output.Write(System.Text.Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{file}\n")));
}
