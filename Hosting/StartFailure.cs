using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;

namespace AccioKestrel;

/// <summary>Says what kept the server from starting, in one sentence that tells its user what to do.</summary>
internal static class StartFailure
{
    /// <returns>The sentence, or null for a failure that is a defect of the program.</returns>
    public static string? Explain(Exception exception, int port) => exception switch
    {
        IOException { InnerException: AddressInUseException } or AddressInUseException =>
            $"Port {port} is in use; stop the program that listens on it, or choose another port.",
        SocketException { SocketErrorCode: SocketError.AccessDenied } =>
            $"Port {port} is not permitted to this user; choose one above 1023.",
        SocketException { SocketErrorCode: var error } =>
            $"Port {port} cannot be listened on ({error}); choose another port.",
        OptionsValidationException { Message: var message } => message,
        // The configuration's binder: names the value, the key and the type it should have.
        InvalidOperationException { InnerException: FormatException or ArgumentException or OverflowException, Message: var message } => message,
        InvalidDataException => $"{exception.Message} {exception.GetBaseException().Message}",
        _ => null,
    };
}
