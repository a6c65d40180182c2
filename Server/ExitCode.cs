namespace AccioKestrel.Server;

/// <summary>The program's exit codes.</summary>
internal static class ExitCode
{
    /// <summary>Stopped by a signal or by <c>--count</c>, or showed its help, its version, or a configuration without an error.</summary>
    public const int Success = 0;

    /// <summary>Could not start, could not write a result, or lost its listen socket. Standard error has <c>ERROR:</c>, or a critical line of the log.</summary>
    public const int Failure = 1;
}
