using System.Net;
using System.Net.Sockets;
using AccioKestrel.Transport;
using Microsoft.Extensions.Options;

namespace AccioKestrel.Server;

/// <summary>Explains a failed start to the operator, in one sentence that says what to do.</summary>
internal static class StartFailure
{
    // ENFILE and EMFILE, the same on all systems that .NET supports. They are the HResult of an IOException.
    private const int FilesOfTheSystem = 23;
    private const int FilesOfTheProcess = 24;

    /// <summary>Up to this port, systems like Unix let only privileged users listen.</summary>
    private const int LastPrivilegedPort = 1023;

    private const string ShortOfDescriptors = "Too few files may be open; raise the limit of the process (ulimit -n, LimitNOFILE=) to 64 or more.";

    /// <summary>
    /// Explains any exception. For an unknown one, the sentence has its type and message, but no stack trace, which would not help an operator.
    /// </summary>
    /// <returns>One line.</returns>
    public static string Explain(Exception exception)
    {
        try
        {
            return OneLine.Of(Reason(exception));
        }
        catch (Exception failure) when (failure is IOException or TypeLoadException)
        {
            // The ordinary runtime loads assemblies on first use, and without a descriptor it cannot load those that the explanation needs.
            return ShortOfDescriptors;
        }
    }

    private static string Reason(Exception exception)
    {
        string? reason = null;
        for (var cause = exception; cause is not null; cause = cause.InnerException)
        {
            if (IsShortOfDescriptors(cause))
            {
                return ShortOfDescriptors;
            }

            reason ??= Known(cause);
        }

        return reason ?? Unknown(exception.GetBaseException());
    }

    private static bool IsShortOfDescriptors(Exception exception) => exception is
        SocketException { SocketErrorCode: SocketError.TooManyOpenSockets } or IOException { HResult: FilesOfTheSystem or FilesOfTheProcess }
        // The runtime's socket polling thread throws an internal type; the error is only in its message.
        || exception.Message.EndsWith("EMFILE", StringComparison.Ordinal);

    private static string? Known(Exception exception) => exception switch
    {
        ListenFailedException failure => Explain(failure),
        StartException or InheritedSocketException or OptionsValidationException => exception.Message,
        _ => null,
    };

    private static string Unknown(Exception exception) =>
        $"The server cannot start: {exception.GetType().Name}: {exception.Message.ReplaceLineEndings(" ")}";

    private static string Explain(ListenFailedException failure)
    {
        var endPoint = (IPEndPoint)failure.EndPoint;
        var isAccio = endPoint is AccioEndPoint;
        var isAirPlay = OperatingSystem.IsMacOS() && endPoint.Port is 5000 or 7000;
        var isIPv6 = endPoint.AddressFamily is AddressFamily.InterNetworkV6;
        var port = isAccio ? $"Port {endPoint.Port}" : $"--status {endPoint}";
        var option = isAccio ? $"--listen {endPoint.Address}" : port;
        return failure.Error switch
        {
            SocketError.AddressAlreadyInUse when isAirPlay =>
                $"{port} is in use, on macOS by its AirPlay Receiver unless that is switched off in the settings of AirDrop and Handoff; choose another port.",
            SocketError.AddressAlreadyInUse => $"{port} is in use; stop the program that listens on it, or choose another port.",
            SocketError.AccessDenied when OperatingSystem.IsWindows() =>
                $"{port} is in use by another program, or reserved by Windows; choose another port. netstat -ano lists the programs that listen, netsh interface ipv{(isIPv6 ? 6 : 4)} show excludedportrange tcp the reserved ports.",
            SocketError.AccessDenied => $"{port} is not permitted to this user; choose a port above {LastPrivilegedPort}.",
            SocketError.AddressNotAvailable =>
                $"{option}: this machine does not have that address; choose one that it has, or {(isIPv6 ? "::" : "0.0.0.0")} for all of them.",
            SocketError.AddressFamilyNotSupported =>
                $"{option}: this machine has no IPv{(isIPv6 ? 6 : 4)}; choose an address of the other kind.",
            var error => $"{option}: port {endPoint.Port} cannot be listened on ({error}); choose another address or port.",
        };
    }
}
