using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections;

namespace AccioKestrel;

/// <summary>
/// Receives from a blocking socket and sends to it: on Linux by the kernel's calls themselves, elsewhere by the runtime's.
/// </summary>
/// <remarks>
/// The runtime's do the same with more bookkeeping, which takes a tenth of an exchange of 500 bytes. They also give a
/// receive that found nothing and a connection that broke down the same error.
/// </remarks>
internal static partial class BlockingSocket
{
    // Linux, the same on all its architectures that .NET runs on.
    private const int Truncate = 0x20;
    private const int DontWait = 0x40;
    private const int NoSignal = 0x4000;
    private const int WouldBlock = 11;
    private const int BrokenPipe = 32;

    /// <summary>Blocks until bytes have come, the client has ended, or the socket's receive time-out has passed.</summary>
    /// <param name="socket">A socket on which no asynchronous operation was ever started.</param>
    /// <param name="buffer">Where the bytes go, or for a discard perhaps go.</param>
    /// <param name="discard">
    /// Only the number of bytes is wanted. On Linux a truncating receive takes TCP bytes off the queue without copying
    /// them: the buffer only says how many, and its pages are never touched. Elsewhere the flag has no such meaning, and
    /// the buffer is written over and over.
    /// </param>
    /// <param name="wait">False to take only what is there.</param>
    /// <returns>The number of bytes, 0 at the end of the client's sending side, or -1 if nothing has come yet.</returns>
    /// <exception cref="ConnectionResetException">The connection was reset, or broke down in another way.</exception>
    public static int ReceiveWithinTick(this Socket socket, Span<byte> buffer, bool discard, bool wait)
    {
        if (OperatingSystem.IsLinux())
        {
            var received = Receive(socket.SafeHandle, buffer, buffer.Length, (discard ? Truncate : 0) | (wait ? 0 : DontWait));
            return received >= 0 ? (int)received : Marshal.GetLastPInvokeError() switch
            {
                // A signal to the process interrupts a receive with a time-out, whatever its handler asked for.
                WouldBlock or Libc.Interrupted => -1,
                var error => throw new ConnectionResetException(Marshal.GetPInvokeErrorMessage(error)),
            };
        }

        if (!wait && !socket.Poll(0, SelectMode.SelectRead))
        {
            return -1;
        }

        var count = socket.Receive(buffer, SocketFlags.None, out var socketError);
        return socketError switch
        {
            SocketError.Success => count,
            SocketError.TimedOut or SocketError.WouldBlock => -1,
            _ => throw new ConnectionResetException(socketError.ToString()),
        };
    }

    /// <summary>Blocks until all the bytes are handed to the kernel.</summary>
    /// <returns>False if the client reads no more.</returns>
    /// <exception cref="ConnectionResetException">The connection was reset, or broke down in another way.</exception>
    public static bool TrySendAll(this Socket socket, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if (OperatingSystem.IsLinux())
            {
                var sent = Send(socket.SafeHandle, bytes, bytes.Length, NoSignal);
                switch (sent >= 0 ? 0 : Marshal.GetLastPInvokeError())
                {
                    case 0:
                        bytes = bytes[(int)sent..];
                        break;
                    case Libc.Interrupted:
                        break;
                    case BrokenPipe:
                        return false;
                    case var error:
                        throw new ConnectionResetException(Marshal.GetPInvokeErrorMessage(error));
                }
            }
            else
            {
                bytes = bytes[socket.Send(bytes, SocketFlags.None, out var error)..];
                switch (error)
                {
                    case SocketError.Success:
                        break;
                    case SocketError.Shutdown:
                        return false;
                    default:
                        throw new ConnectionResetException(error.ToString());
                }
            }
        }

        return true;
    }

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    private static partial nint Receive(SafeSocketHandle socket, Span<byte> buffer, nint length, int flags);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    private static partial nint Send(SafeSocketHandle socket, ReadOnlySpan<byte> bytes, nint length, int flags);
}
