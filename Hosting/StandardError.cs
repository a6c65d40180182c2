namespace AccioKestrel;

/// <summary>Where the program names what keeps it from its work, before it ends with an exit code that is not 0.</summary>
internal static class StandardError
{
    /// <summary>Writes the message behind <c>ERROR:</c>. Where that is not possible either, the exit code is all that tells.</summary>
    public static void Write(string message)
    {
        if (!Libc.IsInherited(Libc.StandardError))
        {
            return;
        }

        try
        {
            Console.Error.WriteLine($"ERROR: {message}");
        }
        catch (IOException)
        {
            // Full, or closed by its reader. To fail by it would be another error than the one to be told.
        }
    }
}
