namespace AccioKestrel.Interop;

/// <summary>Messages of the operating system as parts of sentences.</summary>
internal static class SystemMessage
{
    /// <summary>The message without a period at its end. Messages of Windows have one.</summary>
    public static string Clause(string message) => message.TrimEnd('.');
}
