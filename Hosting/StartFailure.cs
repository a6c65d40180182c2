using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;

namespace AccioKestrel;

/// <summary>Says what kept the server from starting, in one sentence that tells its user what to do.</summary>
internal static class StartFailure
{
    /// <param name="exception">What kept it.</param>
    /// <param name="port">The port of the Accio endpoint.</param>
    /// <param name="status">The address of the status page, if there is one.</param>
    /// <returns>The sentence, or null for a failure that is a defect of the program.</returns>
    public static string? Explain(Exception exception, int port, IPEndPoint? status) => exception switch
    {
        IOException { InnerException: AddressInUseException, Message: var message } =>
            InUse(status is not null && message.Contains($"//{status}:", StringComparison.Ordinal) ? $"--status {status}" : $"Port {port}"),
        ListenFailedException { Error: SocketError.AccessDenied } =>
            $"Port {port} is not permitted to this user; choose one above 1023.",
        ListenFailedException { Error: var error } =>
            $"Port {port} cannot be listened on ({error}); choose another port.",
        PassedSocketException { Message: var message } => message,
        // The stock transport's, which serves the status page alone.
        SocketException { SocketErrorCode: var error } =>
            $"--status {status} cannot be listened on ({error}); choose an address of this machine and a port above 1023.",
        OptionsValidationException { Message: var message } => message,
        InvalidDataException => $"{exception.Message} {exception.InnerException?.GetBaseException().Message}".TrimEnd(),
        FileNotFoundException => exception.Message,
        _ => null,
    };

    private static string InUse(string what) => $"{what} is in use; stop the program that listens on it, or choose another port.";
}
