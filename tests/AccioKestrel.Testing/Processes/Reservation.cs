using System.Net.Sockets;

namespace AccioKestrel.Testing;

/// <summary>
/// A number that no other test run on this machine has at the same time, of any user. The kernel keeps it as the name of an abstract
/// socket, which is free again when the process has ended for any reason.
/// </summary>
internal sealed class Reservation : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);

    private Reservation(int number) => Number = number;

    public int Number { get; }

    /// <param name="what">What the numbers stand for.</param>
    /// <param name="count">How many there are.</param>
    public static Reservation Take(string what, int count)
    {
        for (var number = 0; number < count; number++)
        {
            if (TryTake(what, number) is { } reservation)
            {
                return reservation;
            }
        }

        throw new InvalidOperationException($"All {count} of {what} are taken.");
    }

    /// <summary>Takes the only one there is, as soon as it is free.</summary>
    public static async Task<Reservation> WaitAsync(string what)
    {
        Reservation? reservation;
        while ((reservation = TryTake(what, number: 0)) is null)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), TestContext.Current.CancellationToken);
        }

        return reservation;
    }

    private static Reservation? TryTake(string what, int number)
    {
        // Every test that starts the server comes here for its port, and stops the server by a signal at its end.
        Needs.Linux("ports reserved by abstract sockets, and signals that stop the server");
        var reservation = new Reservation(number);
        try
        {
            reservation._socket.Bind(new UnixDomainSocketEndPoint($"\0AccioKestrel.Tests/{what}/{number}"));
            return reservation;
        }
        catch (SocketException exception) when (exception.SocketErrorCode is SocketError.AddressAlreadyInUse)
        {
            // Another test run has it, or another test of this one.
            reservation.Dispose();
            return null;
        }
    }

    public void Dispose() => _socket.Dispose();
}
